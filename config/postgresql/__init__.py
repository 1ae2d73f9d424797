"""Django's PostgreSQL, with connections that outlive the thread that opened them."""
