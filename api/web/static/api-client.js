// The public HTTP contract, v1: one function a call. Raises Unreachable or Refused, never anything else.

export const HOME = new URL("../", import.meta.url) // where widget.js lies; the API is beside it

const PATIENCE_MS = 30_000

/** No answer came: no network, no server, or not in time. Sending again is right. */
export class Unreachable extends Error {}

/** The server answered with a problem. `again` tells whether sending the same once more can help. */
export class Refused extends Error {
  constructor(status, problem, retryAfterS) {
    super(problem.detail || problem.title || `HTTP ${status}`)
    this.status = status
    this.detail = problem.detail || problem.title || ""
    this.retryAfterMs = retryAfterS * 1000
    this.again = status >= 500 || [408, 425, 429].includes(status)
    this.sessionGone = [401, 403, 404, 410].includes(status)
  }
}

export class ApiClient {
  constructor(home = HOME) {
    this.base = new URL("api/v1/", home)
  }

  startSession(language, itemId) {
    const context = itemId ? { context: { item_id: itemId } } : {}
    return this.#call("POST", "sessions", { body: { language, channel: "web", ...context } })
  }

  send(session, { client_id, text, payload }) {
    const said = payload === undefined ? { text } : { payload }
    return this.#call("POST", `${path(session)}/messages`, { session, body: { ...said, client_id } })
  }

  messages(session, after) {
    const query = after ? `?after=${encodeURIComponent(after)}` : ""
    return this.#call("GET", `${path(session)}/messages${query}`, { session })
  }

  feedback(session, given) {
    return this.#call("POST", `${path(session)}/feedback`, { session, body: given })
  }

  handOver(session, reason) {
    return this.#call("POST", `${path(session)}/handoff`, { session, body: reason ? { reason } : {} })
  }

  /** Where the visitor stands in the queue: {state, ticket_number, position, expected_wait_s}. */
  queuePlace(session) {
    return this.#call("GET", `${path(session)}/handoff`, { session })
  }

  stopWaiting(session) {
    return this.#call("DELETE", `${path(session)}/handoff`, { session })
  }

  /** `wish`: {phone or email, when?}. */
  callBack(session, wish) {
    return this.#call("POST", `${path(session)}/callback`, { session, body: wish })
  }

  notice() {
    return this.#call("GET", "notice")
  }

  erase(session) {
    return this.#call("DELETE", path(session), { session })
  }

  item(itemId) {
    return this.#call("GET", `items/${encodeURIComponent(itemId)}`)
  }

  /** Where live messages come from; the token goes into the first frame, never into this address. */
  eventsUrl(session) {
    const url = new URL(`${path(session)}/events`, this.base)
    url.protocol = url.protocol.replace("http", "ws")
    return url
  }

  async #call(method, where, { session, body } = {}) {
    const headers = {}
    if (session) headers.Authorization = `Bearer ${session.token}`
    if (body) headers["Content-Type"] = "application/json"
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), PATIENCE_MS)
    try {
      const reply = await fetch(new URL(where, this.base), {
        method,
        headers,
        body: body && JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        signal: patience.signal,
      })
      if (reply.ok) return reply.status === 204 ? null : await reply.json()
      const problem = await reply.json().catch(() => ({}))
      throw new Refused(reply.status, problem, secondsIn(reply.headers.get("Retry-After")))
    } catch (error) {
      throw error instanceof Refused ? error : new Unreachable(String(error))
    } finally {
      clearTimeout(timer)
    }
  }
}

function path(session) {
  return `sessions/${encodeURIComponent(session.session_id)}`
}

/** Seconds to wait by a Retry-After header (a number or a date); 0 where there is none. */
function secondsIn(header) {
  if (!header) return 0
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds)
  const date = Date.parse(header)
  return Number.isNaN(date) ? 0 : Math.max(0, (date - Date.now()) / 1000)
}
