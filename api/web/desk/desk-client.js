// The desk's calls (docs/desk-api.md): one function a call. Raises Unreachable or Refused, never anything else.

import { HOME, Refused, Unreachable } from "../static/api-client.js"

const PATIENCE_MS = 20_000
const SAFE = ["GET", "HEAD"]

/** The cookie says who calls; what changes something also carries the token that only a page of ours can read. */
export class DeskClient {
  constructor(home = HOME) {
    this.base = new URL("api/v1/", home)
  }

  /** What the browser's clock must be corrected by (ms) to read the server's. */
  clockOffsetMs = 0

  login(username, password) {
    return this.#call("POST", "auth/login", { username, password })
  }

  /** How one can sign in here: {password, provider}. */
  waysIn() {
    return this.#call("GET", "auth/ways")
  }

  /** Where a browser goes to sign in at the organisation's provider; it comes back to the desk, or to the login page. */
  get providerUrl() {
    return new URL("auth/oidc/start", this.base)
  }

  /** Where a browser goes after signing out, to end a login at the provider too; in the end it shows the login page. */
  get partingUrl() {
    return new URL("auth/oidc/end", this.base)
  }

  logout() {
    return this.#call("POST", "auth/logout", {})
  }

  me() {
    return this.#call("GET", "auth/me")
  }

  presence(state) {
    return this.#call("PUT", "desk/presence", { state })
  }

  tickets(state, { mine = false } = {}) {
    return this.#call("GET", `desk/tickets?state=${state}${mine ? "&mine=true" : ""}`)
  }

  ticket(id) {
    return this.#call("GET", ticketPath(id))
  }

  accept(id) {
    return this.#call("POST", `${ticketPath(id)}/accept`, {})
  }

  reply(id, { text, entry_id, client_id }) {
    return this.#call("POST", `${ticketPath(id)}/messages`, { ...(entry_id ? { entry_id } : { text }), client_id })
  }

  note(id, { text, client_id }) {
    return this.#call("POST", `${ticketPath(id)}/notes`, { text, client_id })
  }

  transfer(id, to, note) {
    return this.#call("POST", `${ticketPath(id)}/transfer`, note ? { to, note } : { to })
  }

  giveBack(id) {
    return this.#call("POST", `${ticketPath(id)}/return`, {})
  }

  resolve(id, outcome) {
    return this.#call("POST", `${ticketPath(id)}/resolve`, outcome)
  }

  promote(id, promotion) {
    return this.#call("POST", `${ticketPath(id)}/promotions`, promotion)
  }

  typing(id) {
    return this.#call("POST", `${ticketPath(id)}/typing`, {})
  }

  read(id, sequence) {
    return this.#call("POST", `${ticketPath(id)}/read`, { sequence })
  }

  suggestions(words, language, ticketId) {
    const query = new URLSearchParams({ q: words, language, ticket_id: ticketId })
    return this.#call("GET", `desk/suggestions?${query}`)
  }

  canned({ retired = false } = {}) {
    return this.#call("GET", `desk/canned${retired ? "?retired=true" : ""}`)
  }

  /** `wish`: {title: {zh, en}, text: {zh, en}}. */
  putCanned(id, wish) {
    return this.#call("PUT", `desk/canned/${encodeURIComponent(id)}`, wish)
  }

  removeCanned(id) {
    return this.#call("DELETE", `desk/canned/${encodeURIComponent(id)}`)
  }

  search(words) {
    return this.#call("GET", `desk/search?${new URLSearchParams({ q: words })}`)
  }

  house() {
    return this.#call("GET", "desk/house")
  }

  setNotice(notice) {
    return this.#call("PUT", "desk/notice", { notice })
  }

  setMode(mode) {
    return this.#call("PUT", "desk/mode", mode)
  }

  approvals() {
    return this.#call("GET", "desk/approvals")
  }

  /** `decision`: "approve", "edit" (with the text) or "reject". */
  decide(id, decision, text) {
    return this.#call("POST", `desk/approvals/${encodeURIComponent(id)}/${decision}`, text === undefined ? {} : { text })
  }

  colleagues() {
    return this.#call("GET", "desk/colleagues")
  }

  // ---- supervision and follow-ups

  /** `days`: {from, to}; without them, today. */
  supervision({ from, to } = {}) {
    return this.#call("GET", `supervision${from ? `?${new URLSearchParams({ from, to })}` : ""}`)
  }

  supervisionCsvUrl({ from, to } = {}) {
    return new URL(`supervision.csv${from ? `?${new URLSearchParams({ from, to })}` : ""}`, this.base)
  }

  /** `asked`: {state, about?} or {overdue: "true"}. */
  followUps(asked) {
    return this.#call("GET", `follow-ups?${new URLSearchParams(asked)}`)
  }

  followUpReasons() {
    return this.#call("GET", "follow-ups/reasons")
  }

  closeFollowUp(id, { reason, action }) {
    return this.#call("POST", `follow-ups/${encodeURIComponent(id)}/close`, { reason, action })
  }

  /** `wish`: {outcome, again_on?, note?}. */
  closeCallBack(id, wish) {
    return this.#call("POST", `follow-ups/${encodeURIComponent(id)}/callback`, wish)
  }

  items() {
    return this.#call("GET", "items")
  }

  facets() {
    return this.#call("GET", "../../desk/facets.json")
  }

  // ---- the hotline (docs/hotline-guide.md)

  /** The visitors' search: {results: [{item_id, title, snippet…}]}. */
  answers(words) {
    return this.#call("GET", `search?${new URLSearchParams({ q: words })}`)
  }

  roster() {
    return this.#call("GET", "hotline/roster")
  }

  putRoster(revision, duties) {
    return this.#call("PUT", "hotline/roster", { revision, duties })
  }

  calls() {
    return this.#call("GET", "hotline/calls")
  }

  startCall(wish) {
    return this.#call("POST", "hotline/calls", wish)
  }

  logCall(id, outcome) {
    return this.#call("POST", `hotline/calls/${encodeURIComponent(id)}/log`, { outcome })
  }

  endCall(id) {
    return this.#call("POST", `hotline/calls/${encodeURIComponent(id)}/end`, {})
  }

  connectionRate() {
    return this.#call("GET", "hotline/rate")
  }

  get eventsUrl() {
    const url = new URL("desk/events", this.base)
    url.protocol = url.protocol.replace("http", "ws")
    return url
  }

  async #call(method, where, body) {
    const headers = { Accept: "application/json" }
    if (body) headers["Content-Type"] = "application/json"
    if (!SAFE.includes(method)) headers[CSRF_HEADER] = csrfToken()
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), PATIENCE_MS)
    try {
      const reply = await fetch(new URL(where, this.base), {
        method, headers, body: body && JSON.stringify(body), credentials: "same-origin", cache: "no-store", signal: patience.signal,
      })
      this.#readClock(reply)
      if (reply.ok) return reply.status === 204 ? null : await reply.json()
      const problem = await reply.json().catch(() => ({}))
      throw Object.assign(new Refused(reply.status, problem, Number(reply.headers.get("Retry-After")) || 0), { problem })
    } catch (error) {
      throw error instanceof Refused ? error : new Unreachable(String(error))
    } finally {
      clearTimeout(timer)
    }
  }

  #readClock(reply) {
    const told = Date.parse(reply.headers.get("Date"))
    if (!Number.isNaN(told)) this.clockOffsetMs = told - Date.now()
  }
}

const CSRF_HEADER = "X-CSRF-Token"
const CSRF_COOKIE = "bangban_csrf"

function csrfToken() {
  const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(`${CSRF_COOKIE}=`))
  return found ? decodeURIComponent(found.slice(CSRF_COOKIE.length + 1)) : ""
}

function ticketPath(id) {
  return `desk/tickets/${encodeURIComponent(id)}`
}
