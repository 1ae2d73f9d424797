"""The same stack with nothing of the product in it: what it costs to have Django, Celery, a broker and a database."""
