# Looper in a container: an init that reaps what agents leave, and a user that is not root.
#
#   docker build -t looper .
#   docker run -p 127.0.0.1:3456:3456 -e LOOPER_API_TOKEN=... -v looper-logs:/looper/logs -v ~/project:/project \
#     -e LOOPER_WORKSPACE=/project -e LOOPER_WORKSPACE_ROOTS=/project looper
#
# The agent's own program and its credentials are not in the image: docs/operations.md tells how they come in. What is mounted
# has to belong to the user 1000. Settings may also come from a mounted /looper/.env. The container is the run's
# machine: it ends with it, also by `docker restart`. A sandboxing agent needs namespaces, which Docker's default
# profile denies it: `--security-opt seccomp=unconfined --security-opt systempaths=unconfined`, or an agent without its own
# sandbox, for which the container is one.

FROM node:24-bookworm-slim

RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates curl git tini \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /looper
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
COPY LICENSE README.md ./
COPY scripts/run-codex-task.sh scripts/send-zulip-dm.ts scripts/hook-test.ts ./scripts/
COPY bin ./bin
COPY src ./src
# docker exec <container> looper status
RUN ln -s /looper/bin/looper.js /usr/local/bin/looper
RUN mkdir -p logs node_modules/.cache/looper && chown node:node logs node_modules/.cache/looper

# Compiled code for a quick start: a wrong setting ends the service when all is loaded. Then nobody may change it.
USER node
RUN LOOPER_PORT=none node src/start.js 2>/dev/null || test $? -eq 78
USER root
RUN chown -R root:root node_modules/.cache && chmod -R a+rX node_modules/.cache

USER node
EXPOSE 3456
VOLUME /looper/logs
HEALTHCHECK CMD curl --noproxy '*' --fail --silent "http://127.0.0.1:${LOOPER_PORT:-3456}/health" || exit 1
ENTRYPOINT ["tini", "--"]
# As `npm start` does it.
CMD ["node", "--env-file-if-exists=.env", "src/start.js"]
