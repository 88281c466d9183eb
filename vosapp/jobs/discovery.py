"""The engine's job that looks for objects without a prompt.

torch is loaded in the engine's thread only, when the job runs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from core.jobs import CancelToken, Progress
from core.types import Quality
from vosapp.jobs.propagation import Engine
from vosapp.services.candidates import FindOrder, Found, find_candidates

if TYPE_CHECKING:
    from core.discovery.contract import Discoverer


def discovery_job(
    engine: Engine, order: FindOrder
) -> Callable[[CancelToken], Generator[object, None, Found]]:
    """Return the job that carries an order out; it yields `Progress` and returns `Found`.

    The job raises:
        VosError: weights, video or device cannot be used; one frame is to be learned.
        Cancelled: by the token; nothing is left.
    """
    return lambda token: _find(engine, order, token)


def _find(engine: Engine, order: FindOrder, token: CancelToken) -> Generator[object, None, Found]:
    yield Progress(0, 0, "loading the system")
    finder = _finder(engine, order)
    token.check()
    return (yield from find_candidates(order, finder, token))


def _finder(engine: Engine, order: FindOrder) -> Discoverer:
    if engine.make_finder is not None:
        return engine.make_finder(order)
    from core.discovery.contract import DiscoveryRequest
    from core.engine.finding.build import build_finder
    from core.tracking.contract import TrackerRequest
    from vosapp.services.discover import finding_request

    discovery = DiscoveryRequest(order.device, order.weights, order.most, order.adapt_steps)
    request = finding_request(order.system, discovery, instances=True)
    engine.prepare(TrackerRequest(order.system, Quality.FAST, order.device))
    return build_finder(request)
