"""The embedded server where several of them share one data directory."""

import signal
from concurrent.futures import ThreadPoolExecutor

from tests.services import processes
from tests.services.server import ServerProcess


def test_servers_that_start_at_once_with_one_data_directory_all_come_up() -> None:
    with processes.private_folder() as folder:
        servers = [ServerProcess(folder, {}) for _ in range(2)]
        try:
            with ThreadPoolExecutor() as at_once:
                list(at_once.map(ServerProcess.start, servers))
        finally:
            codes = [processes.stop(server.process, signal.SIGTERM) for server in servers]
        assert codes == [0, 0]
