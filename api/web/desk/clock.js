// Waiting time: counted on the browser's own steady clock, so that a wrong or changed wall clock moves nothing.

export const SOON_S = 40 // from here on a wait is nearly a minute
export const LATE_S = 60 // the promise: a first reply within one minute

const followers = new Set()
let timer = null

/** "calm", "soon" or "late" for a wait of so many seconds. */
export function gradeOf(seconds) {
  return seconds >= LATE_S ? "late" : seconds >= SOON_S ? "soon" : "calm"
}

/** In how many ms a wait that began at `moment` of the steady clock gets its next grade; Infinity where it has its last. */
export function msToNextGrade(moment) {
  const next = { calm: SOON_S, soon: LATE_S, late: Infinity }[gradeOf(secondsSince(moment))]
  return Math.max(0, Math.ceil(moment + next * 1000 - performance.now()))
}

/** The moment (on the steady clock, in ms) that lies `seconds` before now. */
export function momentBefore(seconds) {
  return performance.now() - seconds * 1000
}

/** Whole seconds since a moment of the steady clock; never negative. */
export function secondsSince(moment) {
  return Math.max(0, Math.floor((performance.now() - moment) / 1000))
}

/** 0:07, 12:40, 1:03:20 */
export function clockFace(seconds) {
  const two = (number) => String(number).padStart(2, "0")
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** Calls `tick` now and then once a second, all followers in one beat; returns what ends it. */
export function everySecond(tick) {
  followers.add(tick)
  timer ??= setInterval(() => followers.forEach((follower) => follower()), 1000)
  tick()
  return () => {
    followers.delete(tick)
    if (followers.size) return
    clearInterval(timer)
    timer = null
  }
}
