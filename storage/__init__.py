"""Where bytes are kept: ``objects`` is the interface, ``folder`` and ``s3`` fulfil it."""
