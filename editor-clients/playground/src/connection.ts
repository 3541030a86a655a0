/** JSON-RPC over a WebSocket: requests, and notifications in both directions. */

interface Message {
  id?: number | string;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

interface PendingRequest {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** The callbacks of a connection. Each is called at most once, except `onNotification`. */
export interface Events {
  onOpen: () => void;
  /** Called when no more responses will come; `reason` is the server's close reason or empty. */
  onClose: (reason: string) => void;
  onNotification: (method: string, params: unknown) => void;
}

export class Connection {
  private readonly socket: WebSocket;
  private readonly pending = new Map<number, PendingRequest>();
  private lastId = 0;

  constructor(address: URL, events: Events) {
    this.socket = new WebSocket(address);
    this.socket.addEventListener("open", events.onOpen);
    this.socket.addEventListener("message", (event: MessageEvent<string>) => {
      this.receive(JSON.parse(event.data) as Message, events);
    });
    this.socket.addEventListener("close", (event) => {
      for (const { reject } of this.pending.values()) {
        reject(new Error("the connection is closed"));
      }
      this.pending.clear();
      events.onClose(event.reason);
    });
  }

  /** Send a request and return its result. The promise never settles if the connection was closed before. */
  request(method: string, params: unknown): Promise<unknown> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.send({ id, method, params });
    });
  }

  notify(method: string, params: unknown): void {
    this.send({ method, params });
  }

  /** End the connection. `onClose` is called. */
  close(): void {
    this.socket.close();
  }

  private send(message: Message): void {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
    }
  }

  private receive(message: Message, events: Events): void {
    if (message.method !== undefined && message.id === undefined) {
      events.onNotification(message.method, message.params);
    } else if (message.method !== undefined && message.id !== undefined) {
      // This client supports no request of the server.
      this.send({ id: message.id, result: null });
    } else if (typeof message.id === "number") {
      const request = this.pending.get(message.id);
      this.pending.delete(message.id);
      if (message.error) {
        request?.reject(new Error(message.error.message));
      } else {
        request?.resolve(message.result);
      }
    }
  }
}
