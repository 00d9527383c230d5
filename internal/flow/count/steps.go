package count

import (
	"qianshao/internal/flow"
	"qianshao/internal/measure"
)

// StepDef declares how many days matters of a kind were at the steps that they left in the period, by step.
func StepDef(kind string) measure.Def {
	return measure.MeanDef(flow.StepDays(kind), flow.StepCells(kind), measure.Days, measure.Hand, true, measure.DimStage+kind)
}
