"""The folder that `verbose-logging run` puts on the path of the processes it starts; see `sitecustomize`."""
