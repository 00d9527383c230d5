package intake

import (
	"qianshao/internal/flow/count"
	"qianshao/internal/measure"
)

// Measures are what this room counts. How many reports come in, and what becomes of them, is for understanding and is
// never scored; keeping the days owed to a reporter may be.
func Measures() []measure.Def {
	return measure.OfMatters([]string{Kind, KindSlip}, []measure.Def{
		measure.FlowDef("tipoff.received", measure.Hand, true, "channel"),
		measure.FlowDef("tipoff.accepted", measure.Hand, true, "channel"),
		measure.FlowDef("tipoff.passed_on", measure.Hand, true, "forward_reason"),
		measure.FlowDef("tipoff.repeats", measure.Hand, true, "channel"),
		measure.FlowDef("tipoff.declined", measure.Hand, true, "decline_ground"),
		measure.FlowDef("tipoff.slips", measure.Hand, true),
		count.StepDef(Kind),
		count.OpenDef("tipoff.open", Kind, "clue_source"),
		count.KeptDef("tipoff.first_on_time", Kind, "tipoff.first_action"),
		count.KeptDef("tipoff.notice_on_time", Kind, "tipoff.notice"),
		count.KeptDef("tipoff.result_on_time", Kind, "tipoff.result"),
		count.LateDef("tipoff.late", Kind),
	})
}
