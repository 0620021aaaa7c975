// The supervision page: names its elements; the page itself is <bangban-supervision>.

import { BangbanSupervision } from "./elements/bangban-supervision.js"
import { FollowUpList } from "./elements/follow-up-list.js"
import { SupervisionFigures } from "./elements/supervision-figures.js"
import { WaitingClock } from "./elements/waiting-clock.js"

const ELEMENTS = {
  "waiting-clock": WaitingClock,
  "supervision-figures": SupervisionFigures,
  "follow-up-list": FollowUpList,
  "bangban-supervision": BangbanSupervision, // last: it builds the others
}

for (const [name, element] of Object.entries(ELEMENTS)) customElements.define(name, element)
