"""``python -m certready``."""

from certready.cli import run

if __name__ == "__main__":  # a worker process of fleet --processes imports it by another name
    run()
