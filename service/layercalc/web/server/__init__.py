"""gunicorn as it is deployed: configuration, worker, timeouts."""
