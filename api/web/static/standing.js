// How a conversation stands, in the words of the status line.

/** [parts, look] for StatusLine.show(): the most pressing thing first, nothing where all is as usual. */
export function standingOf({ online, phase, state, ticket, entries }) {
  if (!online) return [[["offline"]], { tone: "warn", retry: entries.some((entry) => entry.delivery === "queued") }]
  if (phase === "failed") return [[["failed"]], { tone: "warn", retry: true }]
  if (phase !== "open") return [[]]
  if (state === "human") return [[["person"]]]
  if (state === "queued") return [queueOf(ticket ?? {})]
  return [ticket?.number ? [["ticketOpen", { number: ticket.number }]] : []]
}

function queueOf({ number, position, expected_wait_s: wait = null }) {
  const parts = number ? [["ticket", { number }]] : []
  parts.push(position > 1 ? ["queue", { ahead: position - 1 }] : ["queueNext"])
  if (wait === null) parts.push(["waitUnknown"])
  else if (wait === 0) parts.push(["waitShort"])
  else if (wait < 60) parts.push(["waitSeconds", { seconds: wait }])
  else parts.push(["wait", { minutes: Math.ceil(wait / 60) }])
  return [...parts, ["meanwhile"]]
}
