// Stands in for rapid-client.node, the compiled half of AWS's runtime client for Node (npm: aws-lambda-ric), where the
// package was installed without building it. Loaded with --require before the client; the real one wins if it is there.
// Offers the same three functions. `done` and `error` must have written everything when they return, since the client
// may exit right after: they write to a socket's descriptor, and the answer is awaited before the next `next`.
'use strict';

const fs = require('fs');
const http = require('http');
const Module = require('module');
const net = require('net');

const ROOT = '/2018-06-01/runtime/invocation/';
const HEADERS = ['aws-request-id', 'trace-id', 'invoked-function-arn', 'client-context', 'cognito-identity', 'aws-tenant-id'];
const prefixed = (name) => `lambda-runtime-${name}`;

function nativeClient(host, port) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const socket = net.connect({ host, port, noDelay: true });
  let waits = new Promise((resolve) => socket.once('connect', resolve)); // for the connection, then for each answer
  let answered = () => {};
  waits.then(() => socket.unref()); // an idle client keeps nothing alive
  socket.on('data', () => answered());
  socket.on('error', () => answered());

  function post(path, text, headers) {
    const body = Buffer.from(text);
    const head = `POST ${ROOT}${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nContent-Type: application/json\r\n${headers}Content-Length: ${body.length}\r\n\r\n`;
    const request = Buffer.concat([Buffer.from(head), body]);
    waits = new Promise((resolve) => {
      socket.ref();
      answered = () => { socket.unref(); resolve(); };
    });
    for (let written = 0; written < request.length;) {
      try {
        written += fs.writeSync(socket._handle.fd, request, written);
      } catch (failure) {
        if (failure.code !== 'EAGAIN') throw failure;
      }
    }
    return null;
  }

  async function next() {
    await waits;
    const { body, headers } = await new Promise((resolve, reject) => {
      const request = http.request({ host, port, agent, path: `${ROOT}next` }, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('end', () => resolve({ body: Buffer.concat(parts).toString(), headers: response.headers }));
      });
      request.on('error', reject);
      request.end();
    });
    const known = { [prefixed('deadline-ms')]: Number(headers[prefixed('deadline-ms')]) };
    for (const name of HEADERS.map(prefixed)) if (headers[name]) known[name] = headers[name];
    return { bodyJson: body, headers: known };
  }

  const done = (id, text) => post(`${id}/response`, text, '');
  const error = (id, text, cause) => post(
    `${id}/error`, text, `Lambda-Runtime-Function-XRay-Error-Cause: ${cause.replace(/[^\x20-\x7e]/g, '?')}\r\n`);
  return { initializeClient() {}, next, done, error };
}

const load = Module._load;
Module._load = function loadOrStandIn(request, ...others) {
  if (!request.endsWith('/rapid-client.node')) return load.call(this, request, ...others);
  try {
    return load.call(this, request, ...others);
  } catch (failure) {
    if (failure.code !== 'MODULE_NOT_FOUND') throw failure;
    return nativeClient(...process.env.AWS_LAMBDA_RUNTIME_API.split(':'));
  }
};
