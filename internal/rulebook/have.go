package rulebook

import (
	"io/fs"
	"slices"
	"strings"

	"qianshao/internal/calendar"
)

// The six haves, and what a line of their list can ask for.
var (
	Haves      = []string{"force", "rules", "premises", "equipment", "funds", "delivering"}
	HaveKinds  = []string{"yes", "number", "date", "measure", "later"} // measure: the system knows it; later: it will; neither is asked of anybody
	HaveLevels = []string{"city", "county", "township"}
)

// NeverTownship are the haves that a township never owes: its people come by posts, its money by budgets, and both are
// decided above it.
var NeverTownship = []string{"force", "funds"}

// HaveLine is a line of the shipped list of the six haves, which a province or a city may issue as it is or change.
type HaveLine struct {
	Code     string `yaml:"code" json:"code"`
	Have     string `yaml:"have" json:"have"` // one of Haves
	Name     Text   `yaml:"name" json:"name"`
	Kind     string `yaml:"kind" json:"kind"`                  // one of HaveKinds
	Least    int    `yaml:"least" json:"least,omitempty"`      // of a number or a measure
	Measure  string `yaml:"measure" json:"measure,omitempty"`  // what the system takes it from
	Evidence Text   `yaml:"evidence" json:"evidence,omitzero"` // what shows it: a text or a file's number, never a photograph
	Owes     string `yaml:"owes" json:"owes"`                  // one of HaveLevels
	Force    `yaml:",inline" json:"force"`
}

// HaveLines lists the lines in force on a day in the file's order.
func (b *Book) HaveLines(on calendar.Date) []HaveLine {
	var out []HaveLine
	for _, x := range b.haves {
		if x.Holds(on) {
			out = append(out, x)
		}
	}
	return out
}

func (l *loader) haves() {
	if _, err := fs.Stat(l.files, "haves.yaml"); err != nil {
		return
	}
	each(l, "haves", func(x HaveLine) {
		what := "have " + x.Code
		l.named("have", "code", x.Code)
		l.text(what, x.Name)
		l.note(what+", evidence", x.Evidence)
		l.force(what, x.Force)
		switch {
		case !slices.Contains(Haves, x.Have):
			l.fail("%s: have must be %s", what, strings.Join(Haves, ", "))
		case !slices.Contains(HaveKinds, x.Kind):
			l.fail("%s: kind must be %s", what, strings.Join(HaveKinds, ", "))
		case !slices.Contains(HaveLevels, x.Owes):
			l.fail("%s: owes must be %s", what, strings.Join(HaveLevels, ", "))
		case x.Owes == "township" && slices.Contains(NeverTownship, x.Have):
			l.fail("%s: money and posts are never owed by a township", what)
		case (x.Kind == "measure") != (x.Measure != ""):
			l.fail("%s: a measure is named where the system knows it, and only there", what)
		case x.Kind == "number" && x.Least <= 0 || x.Kind != "number" && x.Kind != "measure" && x.Least != 0:
			l.fail("%s: a number needs its least; a measure may have one, and nothing else", what)
		}
		var have []Force
		for _, o := range l.b.haves {
			if o.Code == x.Code {
				have = append(have, o.Force)
			}
		}
		l.overlap(what, have, x.Force)
		l.b.haves = append(l.b.haves, x)
	})
}
