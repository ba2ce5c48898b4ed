"""The routes: `POST /train`, `GET /runs`, `GET /runs/ID`, its entries and its live stream, and `DELETE /runs/ID`.

A run's id is looked up in a listing of what there is and is never part of a path.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse

from verbose_logging.errors import MissingExtraError, SettingsError
from verbose_logging.reading.fields import count_at
from verbose_logging.reading.reader import LogReader
from verbose_logging.reading.runs.load import load_run
from verbose_logging.web.feed import events, is_over
from verbose_logging.web.guard import guard
from verbose_logging.web.run_index import RunIndex
from verbose_logging.web.small_body import SmallBodyRoute
from verbose_logging.web.trainings import Trainings

_STREAM_HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
_MOST_ENTRIES = 1000


def create_router(log_dir: str | os.PathLike[str], token: str | None = None) -> APIRouter:
    """Returns the routes over the runs below a folder, for an application of your own.

    Args:
        log_dir: Where the logs lie, and where those of trainings that are started go.
        token: Asked of every request, as `Authorization: Bearer TOKEN`. Without one only this machine is answered.

    Example:
        app = FastAPI()
        app.include_router(create_router("runs"))
    """
    folder = Path(log_dir).absolute()
    routes = _Routes(RunIndex(folder), Trainings(folder), folder)
    router = APIRouter(dependencies=[Depends(guard(token))], route_class=SmallBodyRoute)
    router.post("/train", status_code=202, dependencies=[Depends(_json_only)])(routes.train)
    router.get("/runs")(routes.list_runs)
    router.get("/runs/{run_id}")(routes.show)
    router.get("/runs/{run_id}/entries")(routes.entries)
    router.get("/runs/{run_id}/stream", response_model=None)(routes.stream)
    router.delete("/runs/{run_id}", status_code=202)(routes.stop)
    return router


class _Routes:
    """What each route does.

    Args:
        index: Finds runs.
        trainings: Starts and stops them.
        folder: What file names in answers are relative to.
    """

    def __init__(self, index: RunIndex, trainings: Trainings, folder: Path) -> None:
        self._index = index
        self._trainings = trainings
        self._folder = folder

    def train(self, config: Annotated[dict[str, Any], Body()]) -> dict[str, str]:
        """Starts a training in the background; a wrong config comes back as 422 with one line."""
        try:
            run_id = self._trainings.start(config)
        except SettingsError as error:
            raise HTTPException(422, "; ".join(str(error).splitlines())) from error
        except MissingExtraError as error:
            raise HTTPException(501, str(error)) from error
        return {"status": "Training started with verbose logging", "id": run_id}

    def list_runs(self) -> list[dict[str, Any]]:
        """Lists the runs, the one that was written to last at the end; trainings that have no entry yet come behind."""
        runs = self._index.runs()
        listed = [{"id": run_id, "log": self._relative(path)} for run_id, path in runs.items()]
        starting = [training.run_id for training in self._trainings.all() if training.run_id not in runs]
        return listed + [{"id": run_id, "log": None} for run_id in starting]

    def show(self, run_id: str) -> dict[str, Any]:
        """Returns how a run is or was, as `verbose-logging show --json` does."""
        training = self._trainings.find(run_id)
        path = self._index.runs().get(run_id)
        if path is None and training is None:
            raise _unknown(run_id)
        found: dict[str, Any] = {"id": run_id, "log": self._relative(path) if path else None}
        if training is not None:
            found |= {"is_alive": training.is_alive, "exit_code": training.process.poll()}
            found |= {} if training.is_alive else {"last_words": training.last_words}
        if path is not None:
            found["summary"] = load_run(path, run_id).summary
        return found

    def entries(
        self,
        run_id: str,
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=_MOST_ENTRIES)] = _MOST_ENTRIES,
    ) -> list[dict[str, Any]]:
        """Returns the run's entries behind the one of that `seq`, so many at most."""
        path = self._log_of(run_id)
        if path is None:
            return []
        mine = (entry for entry in LogReader(path) if entry.get("run_id") == run_id)
        new = (entry for entry in mine if (count_at(entry, "seq") or 0) > after)
        return list(islice(new, limit))

    def stream(
        self,
        run_id: str,
        after: Annotated[int, Query(ge=0)] = 0,
        last_event_id: Annotated[int | None, Header(ge=0)] = None,
    ) -> Response:
        """Sends the run's entries as server-sent events until it has ended; `Last-Event-ID` goes on behind that one.

        A browser that has the last entry of a run that is over gets 204, which tells it not to connect again.
        """
        path = self._log_of(run_id)
        seen = after if last_event_id is None else last_event_id
        if last_event_id is not None and path is not None and is_over(path, run_id, after=seen):
            return Response(status_code=204)
        source = events(run_id, lambda: self._index.runs().get(run_id), self._alive(run_id), after=seen)
        return StreamingResponse(source, media_type="text/event-stream", headers=_STREAM_HEADERS)

    def stop(self, run_id: str) -> dict[str, str]:
        """Stops a training that was started here."""
        training = self._trainings.find(run_id)
        if training is None:
            self._log_of(run_id)
            raise HTTPException(409, "this server did not start that run, so it cannot stop it")
        if not training.is_alive:
            return {"status": "ended already", "id": run_id}
        self._trainings.stop(training)
        return {"status": "stopping", "id": run_id}

    def _log_of(self, run_id: str) -> Path | None:
        """Returns a run's log, `None` for a training that has none yet."""
        path = self._index.runs().get(run_id)
        if path is None and self._trainings.find(run_id) is None:
            raise _unknown(run_id)
        return path

    def _alive(self, run_id: str) -> Callable[[], bool | None]:
        training = self._trainings.find(run_id)
        return lambda: None if training is None else training.is_alive

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()


def _json_only(request: Request) -> None:
    """Refuses what a form on a foreign page could send."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "expected a JSON body, as application/json")


def _unknown(run_id: str) -> HTTPException:
    return HTTPException(404, f"no run {run_id!r}; GET /runs lists them")
