package casework

import (
	"qianshao/internal/flow/count"
	"qianshao/internal/measure"
)

// Measures are what this room counts. Filings, sanctions and the shares of the four forms are for understanding and never
// scored; being on time and not being returned by case review may be.
func Measures() []measure.Def {
	return measure.OfMatters([]string{Kind}, []measure.Def{
		measure.FlowDef("case.filed", measure.Hand, true, "track"),
		measure.FlowDef("case.returned", measure.Hand, true, "return_kind"),
		measure.FlowDef("case.decided", measure.Hand, true, "decision"),
		measure.FlowDef("case.forms", measure.Hand, true, "four_form"),
		measure.FlowDef("case.closed", measure.Hand, true, "decision"),
		measure.ShareDef(byTownship, measure.Hand, true),
		measure.ShareDef(returned, measure.Hand, false),
		count.StepDef(Kind),
		measure.HowItCame(count.OpenDef("case.open", Kind, "clue_source")),
		count.KeptDef("case.on_time", Kind),
		count.LateDef("case.late", Kind),
	})
}

// Splits are what this room counts by parts.
func Splits() []measure.Split { return []measure.Split{byTownship, returned} }

// byTownship: a township commission handles the case itself (自办案件).
var byTownship = measure.ShareOf("case.township_share", "case.filed", measure.Holds(`EXISTS (SELECT 1 FROM units u WHERE u.city_id = x.city_id AND u.id = x.handler_id AND u.kind = 'township')`), measure.CauseHandler, false)

// returned: case review sent it back at least once.
var returned = measure.ShareOf("case.returned_share", "case.decided", measure.Holds(`EXISTS (SELECT 1 FROM tallies f WHERE f.city_id = x.city_id AND f.matter_id = x.id AND f.measure = 'case.returned' AND f.n <> 0)`), "case.returned", false)
