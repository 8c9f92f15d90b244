// Makes Node use the proxy that the environment names: Node 20's fetch, http and https do not.
// Knows Node's agents. Must not know a provider. Does nothing where no proxy is named.
'use strict';

const http = require('http');
const https = require('https');
const tls = require('tls');

const proxy = process.env.HTTPS_PROXY && new URL(process.env.HTTPS_PROXY);
const credential = proxy && proxy.username && `Basic ${Buffer.from(
  `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`,
).toString('base64')}`;
const LOCAL = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

// Opens a tunnel through the proxy; done(error, socket) with the bare connection.
function tunnel(host, port, done) {
  const at = `${host}:${port}`;
  const headers = { host: at };
  if (credential) headers['proxy-authorization'] = credential;
  const call = http.request({
    host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: at, headers, agent: false,
  });
  call.once('connect', (answer, socket) => {
    socket.setNoDelay(true);
    if (answer.statusCode === 200) return done(null, socket);
    socket.destroy();
    return done(new Error(`the proxy said ${answer.statusCode} ${answer.statusMessage}`));
  });
  call.once('response', (answer) => {
    answer.resume();
    done(new Error(`the proxy said ${answer.statusCode} ${answer.statusMessage}`));
  });
  call.once('error', done);
  call.end();
}

function secure(host, port, options, done) {
  tunnel(host, port, (error, socket) => {
    if (error) return done(error);
    const over = tls.connect({ ...options, socket, servername: options.servername || host });
    const failed = (reason) => done(reason);
    over.once('error', failed);
    over.once('secureConnect', () => {
      over.removeListener('error', failed);
      done(null, over);
    });
    return undefined;
  });
}

class TunnelAgent extends https.Agent {
  createConnection(options, done) {
    const host = options.host || options.hostname;
    if (options.socket || LOCAL.has(host)) return super.createConnection(options, done);
    secure(host, options.port || 443, { ...options, path: undefined }, done);
    return undefined;
  }
}

// http: the call goes to the proxy whole, with the URL it is for.
class PlainAgent extends http.Agent {
  addRequest(request, options, ...rest) {
    const host = options.host || options.hostname;
    if (!LOCAL.has(host) && !options.socketPath) {
      const port = options.port && Number(options.port) !== 80 ? `:${options.port}` : '';
      if (credential && !request._header) request.setHeader('Proxy-Authorization', credential);
      request.path = `http://${host}${port}${request.path}`;
      return super.addRequest(
        request, { ...options, host: proxy.hostname, port: Number(proxy.port) }, ...rest,
      );
    }
    return super.addRequest(request, options, ...rest);
  }
}

// fetch: its dispatcher is made on first use, and its class is found on it.
function tunnelFetch() {
  const dispatcher = Symbol.for('undici.globalDispatcher.1');
  void globalThis.Response;
  try { void new Request('http://localhost/'); } catch { /* only to have it loaded */ }
  const Agent = globalThis[dispatcher] && globalThis[dispatcher].constructor;
  if (!Agent) return;
  globalThis[dispatcher] = new Agent({
    connect(options, done) {
      const host = options.hostname;
      const safe = options.protocol === 'https:';
      const port = Number(options.port) || (safe ? 443 : 80);
      if (LOCAL.has(host)) {
        const socket = (safe ? tls : require('net')).connect({ host, port, servername: options.servername });
        socket.once('error', done);
        socket.once(safe ? 'secureConnect' : 'connect', () => done(null, socket));
      } else if (safe) {
        secure(host, port, { servername: options.servername, ALPNProtocols: ['http/1.1'] }, done);
      } else {
        tunnel(host, port, done);
      }
    },
  });
}

if (proxy) {
  https.globalAgent = new TunnelAgent({ keepAlive: true });
  http.globalAgent = new PlainAgent({ keepAlive: true });
  tunnelFetch();
}
