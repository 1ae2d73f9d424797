# One image for every service of docker-compose.yml. It holds no secret: those are mounted where it runs.
FROM python:3.11-slim AS packages
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=config.settings STATIC_ROOT=/app/build/static
WORKDIR /app
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin breakwater \
    && install --directory --owner 10001 --mode 0700 /var/lib/breakwater-anchor
COPY --from=packages /venv /venv
COPY . .
# A key for this one command: it is in no layer, and nothing that it signs outlives the command.
RUN SECRET_KEY=$(python -c "import secrets; print(secrets.token_urlsafe(48))") ALLOWED_HOSTS=build DATABASE_URL=sqlite:// \
    python manage.py collectstatic --no-input --verbosity 0 && python -m compileall -q .
USER 10001
EXPOSE 8000
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", "--no-access-log"]
