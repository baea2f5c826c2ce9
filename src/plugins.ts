import type { AgentPlugin } from './agents/agent.ts'
import { claude } from './agents/claude/plugin.ts'
import { codex } from './agents/codex/plugin.ts'
import { command } from './agents/command/plugin.ts'
import { opencode } from './agents/opencode/plugin.ts'
import { claims } from './claims/plugin.ts'
import { disk } from './disk/plugin.ts'
import type { FeaturePlugin } from './feature.ts'
import { hearing } from './hearing/plugin.ts'
import type { NoticePlugin } from './notices/notice.ts'
import { script } from './notices/script/plugin.ts'
import { zulip } from './notices/zulip/plugin.ts'
import { people } from './people/plugin.ts'
import { host } from './places/host/plugin.ts'
import type { PlacePlugin } from './places/place.ts'
import { push } from './push/plugin.ts'
import { reports } from './reports/plugin.ts'
import { tools } from './tools/plugin.ts'
import { autopoll } from './triggers/autopoll/plugin.ts'
import { chat } from './triggers/chat/plugin.ts'
import { hooks } from './triggers/hooks/plugin.ts'
import { loop } from './triggers/loop/plugin.ts'
import { schedule } from './triggers/schedule/plugin.ts'
import type { TriggerPlugin } from './triggers/trigger.ts'
import { agents } from './views/agents/plugin.ts'
import { api } from './views/api/plugin.ts'
import { dashboard } from './views/dashboard/plugin.ts'
import { metrics } from './views/metrics/plugin.ts'
import { outbox } from './views/outbox/plugin.ts'
import { slots } from './views/slots/plugin.ts'
import { status } from './views/status/plugin.ts'
import type { ViewPlugin } from './views/view.ts'

/** The agents that runs may be of; the first is the one that callers have always known. */
export const AGENTS: readonly AgentPlugin[] = [codex, claude, opencode, command]
/** The ways to tell people; the first that its settings ask for is taken. */
export const NOTICES: readonly NoticePlugin[] = [script, zulip]
/** Where runs live. */
export const PLACES: readonly PlacePlugin[] = [host]
/** What asks for runs, besides `POST /run`. */
export const TRIGGERS: readonly TriggerPlugin[] = [hooks, autopoll, schedule, chat, loop]
/** What the service does besides. */
export const FEATURES: readonly FeaturePlugin[] = [disk, tools, claims, reports, hearing, people, push]
/** The ways to look at the service. */
export const VIEWS: readonly ViewPlugin[] = [api, dashboard, status, slots, agents, outbox, metrics]
