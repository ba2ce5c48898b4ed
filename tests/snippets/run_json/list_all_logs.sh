ls -lht out/*.json
