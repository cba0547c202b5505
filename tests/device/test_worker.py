"""A thread for one engine."""

import threading

from device.worker import Worker


def test_join_waits_for_what_is_queued() -> None:
    worker, may_end = Worker("test"), threading.Event()
    ended: list[bool] = []

    def work() -> None:
        may_end.wait()
        ended.append(True)

    worker.post(work)
    worker.close()
    threading.Timer(0.05, may_end.set).start()
    worker.join()
    assert ended == [True]
