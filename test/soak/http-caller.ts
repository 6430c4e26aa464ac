// HttpCaller: one kept-alive HTTP connection, one request at a time, by hand: node's own client would cost the soak's
// load generator more than the server costs.

import { connect, type Socket } from 'node:net';

export class HttpCaller {
  readonly #socket: Socket;
  #received = '';
  #waiting: { resolve: (body: string) => void; reject: (error: Error) => void } | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#take(text));
    this.#socket.on('close', () => this.#waiting?.reject(new Error('the connection closed under a request')));
  }

  /** The body of the answer, whatever its status. ASCII only. */
  post(path: string, body: string, headers = ''): Promise<string> {
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nhost: soak\r\ncontent-type: application/json\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`,
    );
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1]);
    const bodyEnd = headEnd + 4 + length;
    if (this.#received.length < bodyEnd) return;
    const body = this.#received.slice(headEnd + 4, bodyEnd);
    this.#received = this.#received.slice(bodyEnd);
    this.#waiting?.resolve(body);
  }
}
