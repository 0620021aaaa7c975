// Every word of the supervision page, Chinese beside English; what it shares with the desk stands in texts.js.

import { fill } from "../static/texts.js"
import { say as deskSays } from "./texts.js"

export const TEXTS = {
  pageName: { zh: "帮办督导台", en: "Bangban overview" },
  backToDesk: { zh: "工作台", en: "The desk" },
  asOf: { zh: "数据截至 {time}", en: "As of {time}" },
  stale: { zh: "▲ 没有连上，下面是 {time} 的数据。", en: "▲ No connection: these are the figures of {time}." },
  notForYou: { zh: "这个账号看不了督导台。请找管理员。", en: "This account may not see the overview. Ask your administrator." },

  // ---- now
  now: { zh: "现在", en: "Now" },
  waiting: { zh: "在等", en: "Waiting" },
  longestWait: { zh: "等得最久", en: "Longest wait" },
  nobodyWaits: { zh: "没有人在等", en: "No one waits" },
  active: { zh: "接待中", en: "In conversation" },
  toBeCalled: { zh: "留言和回电", en: "Left for later" },
  openFollowUps: { zh: "待回访、回电", en: "Follow-ups and call-backs" },
  overdueFollowUps: { zh: "已逾期", en: "Overdue" },

  // ---- days
  days: { zh: "日期", en: "Days" },
  from: { zh: "从", en: "From" },
  to: { zh: "到", en: "To" },
  today: { zh: "今天", en: "Today" },
  last7: { zh: "近 7 天", en: "Last 7 days" },
  last30: { zh: "近 30 天", en: "Last 30 days" },
  csv: { zh: "下载 CSV", en: "Download CSV" },
  daysWrong: { zh: "开始日期不能晚于结束日期，最多 366 天。", en: "The first day must not lie after the last, and at most 366 days are counted." },

  // ---- figures
  figuresOf: { zh: "{from} 至 {to}", en: "{from} to {to}" },
  figuresOfDay: { zh: "{from}", en: "{from}" },
  total: { zh: "合计", en: "All" },
  opened: { zh: "工单", en: "Tickets" },
  perHelper: { zh: "按接待员", en: "Per helper" },
  perFamily: { zh: "按事项大类", en: "Per item family" },
  helper: { zh: "接待员", en: "Helper" },
  family: { zh: "事项大类", en: "Item family" },
  nobody: { zh: "没有人经手", en: "No one" },
  noFamily: { zh: "事项不明", en: "No known item" },
  first_reply_within_60s: { zh: "60 秒内首次答复", en: "First reply within 60 s" },
  resolved: { zh: "办结为已解决", en: "Resolved" },
  resolved_by_visitors_word: { zh: "访客说解决了", en: "Resolved, says the visitor" },
  content: { zh: "满意（3–5 级）", en: "Content (levels 3–5)" },
  left_without_reply: { zh: "没等到答复就走", en: "Left without a reply" },
  hotline_connection: { zh: "热线接通率", en: "Hotline calls connected" },
  target: { zh: "目标 {target}", en: "target {target}" },
  targetMet: { zh: "目标 {target}，达到", en: "target {target}, met" },
  targetMissed: { zh: "目标 {target}，未达到", en: "target {target}, not met" },
  ofHow: { zh: "{count}／{of}", en: "{count} of {of}" },
  interval: { zh: "95 % 区间 {low}–{high}", en: "95 % interval {low} to {high}" },
  definitions: { zh: "每个数怎么算，见《督导指南》。区间宽，说明数还少，不要急着下结论。", en: "The supervisor’s guide says how each is counted. A wide interval means few cases: do not conclude too much." },
  nothingYet: { zh: "这几天还没有。", en: "Nothing in these days." },

  // ---- follow-ups
  followUps: { zh: "回访和回电", en: "Follow-ups and call-backs" },
  showOpen: { zh: "待办", en: "Open" },
  showOverdue: { zh: "逾期", en: "Overdue" },
  showCallBacks: { zh: "只看回电", en: "Call-backs" },
  showClosed: { zh: "已办", en: "Closed" },
  followUpsNone: { zh: "这里没有。", en: "There are none here." },
  moreThanShown: { zh: "共 {total} 件，列出前 {shown} 件。", en: "{total} in all; the first {shown} are listed." },
  about_bot: { zh: "评价帮办", en: "About the assistant" },
  about_person: { zh: "评价工作人员", en: "About a helper" },
  about_callback: { zh: "等着联系", en: "Waits to be contacted" },
  callBackAgreed: { zh: "工作人员约了回电", en: "A helper agreed to call back" },
  failedTries: { zh: "{count} 次没联系上", en: "not reached so far: {count}" },
  openTicket: { zh: "打开工单看联系方式", en: "Open the ticket for the contact" },
  said_resolved: { zh: "已解决", en: "resolved" },
  said_unresolved: { zh: "没有解决", en: "not resolved" },
  due: { zh: "{day} 到期", en: "Due {day}" },
  overdue: { zh: "▲ 逾期，{day} 到期", en: "▲ Overdue since {day}" },
  openedAt: { zh: "{time} 提出", en: "Said {time}" },
  closedAs: { zh: "{who} {time} 办结：{reason}", en: "Closed by {who}, {time}: {reason}" },
  theVisitor: { zh: "访客", en: "the visitor" },
  close_followUp: { zh: "办结", en: "Close" },
  closeLong: { zh: "办结：{what}", en: "Close: {what}" },
  closeTitle: { zh: "办结回访", en: "Close the follow-up" },
  reason: { zh: "原因", en: "What was behind it" },
  chooseReason: { zh: "请选择", en: "Choose one" },
  action: { zh: "做了什么", en: "What was done" },
  actionHelp: { zh: "写清采取的措施；不要写姓名、电话、住址。", en: "Say what was done. Leave out names, numbers and addresses." },
  closeMissing: { zh: "原因和做了什么都要填。", en: "Fill in both the reason and what was done." },
  closedNow: { zh: "已办结。", en: "Closed." },
  reason_not_understood: { zh: "没有听懂问题", en: "The question was not understood" },
  reason_answer_missing: { zh: "知识库里没有", en: "The base has no answer" },
  reason_answer_wrong: { zh: "答案有误", en: "The answer was wrong" },
  reason_answer_unclear: { zh: "答案不好懂", en: "The answer was not clear" },
  reason_reply_too_slow: { zh: "答复太慢", en: "The reply was too slow" },
  reason_manner: { zh: "服务态度", en: "The helper’s manner" },
  reason_matter_not_done: { zh: "事情本身没办成", en: "The matter itself is stuck" },
  reason_rules_say_so: { zh: "规定如此，与期望不符", en: "The rules say so; it was not what was hoped for" },
  reason_not_ours: { zh: "不归本单位管", en: "Not this bureau’s business" },
  reason_not_reachable: { zh: "联系不上访客", en: "The visitor could not be reached" },
  reason_no_fault_found: { zh: "核实没有问题", en: "No fault was found" },
  reason_reached: { zh: "联系上了", en: "Reached" },
  reason_not_reached: { zh: "没联系上", en: "Not reached" },
  reason_no_longer_wanted: { zh: "访客不需要了", en: "No longer wanted" },
  reason_taken_back: { zh: "访客后来表示满意", en: "The visitor was content after all" },

  // ---- reasons by item
  reasonsByItem: { zh: "按事项看原因", en: "Reasons by item" },
  item: { zh: "事项", en: "Item" },
  reasons: { zh: "原因", en: "Reasons" },
  noItem: { zh: "事项不明", en: "No known item" },
}

/** Reasons that somebody may close with, in the order of the list. "taken_back" is the visitor's alone. */
export const REASONS = [
  "not_understood", "answer_missing", "answer_wrong", "answer_unclear", "reply_too_slow", "manner", "matter_not_done", "rules_say_so",
  "not_ours", "not_reachable", "no_fault_found",
]

/** One text of the page, its {names} filled in; else the desk's of that name. */
export function say(language, key, values = {}) {
  return Object.hasOwn(TEXTS, key) ? fill(TEXTS[key][language], values) : deskSays(language, key, values)
}
