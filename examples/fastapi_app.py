"""A web service that trains: one route starts a training, the others list, show, follow and stop the runs.

Run it: uvicorn --app-dir examples fastapi_app:app --host 127.0.0.1 --port 8000
Then:   curl -H 'Content-Type: application/json' -d @config.json http://127.0.0.1:8000/train
        curl http://127.0.0.1:8000/runs
        curl -N http://127.0.0.1:8000/runs/ID/stream
        curl -X DELETE http://127.0.0.1:8000/runs/ID
"""

from __future__ import annotations

from fastapi import FastAPI

from verbose_logging.web import create_router

app = FastAPI()

# POST /train starts the training in a process of its own and answers at once, with use_verbose_logging and, unless the
# config says otherwise, verbosity_level "high". GET /runs, /runs/ID, /runs/ID/entries?after=SEQ and /runs/ID/stream
# read the logs. Without a token only this machine is answered: create_router("runs", token="...") for others.
app.include_router(create_router("runs"))
