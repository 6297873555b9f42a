"""The module logging writes to the host's log, unless the script sets up something else."""

from . import _host


def install(logging):
    class Handler(logging.Handler):
        def emit(self, record):
            level = (record.levelno > 10) + (record.levelno > 20) + (record.levelno > 30)
            _host.log(self.format(record), level)

    basic = logging.basicConfig

    def basicConfig(**options):
        if not options.keys() & {"handlers", "stream", "filename"}:
            options["handlers"] = [Handler()]
            options.setdefault("format", "%(message)s")
        basic(**options)

    logging.basicConfig = basicConfig
    logging.lastResort = Handler(logging.WARNING)
