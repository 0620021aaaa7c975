// The desk: names its elements; the page itself is <bangban-desk>.

import { AnswerPanel } from "./elements/answer-panel.js"
import { BangbanDesk } from "./elements/bangban-desk.js"
import { DeskBar } from "./elements/desk-bar.js"
import { DeskTranscript } from "./elements/desk-transcript.js"
import { HeldAnswer } from "./elements/held-answer.js"
import { PickList } from "./elements/pick-list.js"
import { ReplyComposer } from "./elements/reply-composer.js"
import { TicketLists } from "./elements/ticket-lists.js"
import { TicketTalk } from "./elements/ticket-talk.js"
import { WaitingClock } from "./elements/waiting-clock.js"

const ELEMENTS = {
  "answer-panel": AnswerPanel,
  "desk-bar": DeskBar,
  "desk-transcript": DeskTranscript,
  "held-answer": HeldAnswer,
  "pick-list": PickList,
  "reply-composer": ReplyComposer,
  "ticket-lists": TicketLists,
  "ticket-talk": TicketTalk,
  "waiting-clock": WaitingClock,
  "bangban-desk": BangbanDesk, // last: it builds the others
}

for (const [name, element] of Object.entries(ELEMENTS)) customElements.define(name, element)
