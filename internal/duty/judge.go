package duty

import (
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/rulebook"
)

// What a filed duty is judged: codes of the list duty_verdict.
const (
	Allowed = "allowed"
	Leave   = "leave"
	Look    = "look"
)

// The parts that the commission takes in a task: codes of the list duty_role.
const (
	PartLead    = "lead"
	PartMain    = "main"
	PartPart    = "part"
	PartOutside = "outside"
)

// Asked is what the rulebook may ask about a duty.
type Asked struct {
	Kind     string // of the list duty_kind
	Post     string // kind of post
	Part     string // of the list duty_role; "" for what came in with a table and was never filed
	FullTime bool   // by appointment
}

// Judgement is what the rulebook says of a duty, and by which of its rules.
type Judgement struct {
	Verdict string
	Rule    rulebook.Term
}

// Judge is the first rule of the list duty_rule that fits, on a day. The last one fits everything.
func Judge(book *rulebook.Book, a Asked, on calendar.Date) Judgement {
	for _, t := range book.Terms("duty_rule", on) {
		if names(t, "kinds", a.Kind) && names(t, "posts", a.Post) && names(t, "parts", a.Part) && (t.Attrs["full_time"] == "" || (t.Attrs["full_time"] == "yes") == a.FullTime) {
			return Judgement{t.Attrs["verdict"], t}
		}
	}
	return Judgement{Verdict: Look}
}

// names says whether a term's attribute names a code, or names none and so holds for all.
func names(t rulebook.Term, attr, code string) bool {
	list := strings.Fields(t.Attrs[attr])
	return len(list) == 0 || slices.Contains(list, code)
}

// Core is the duty list of a kind of post (岗位职责清单) on a day: the commission's own work that is its holder's.
func Core(book *rulebook.Book, post string, on calendar.Date) []rulebook.Term {
	var out []rulebook.Term
	for _, t := range book.Terms("duty_work", on) {
		if t.Attrs["class"] == "core" && names(t, "posts", post) {
			out = append(out, t)
		}
	}
	return out
}

// Refusal is why the county does not let a commission take a task on: a code for locale, and the reason for handing it back.
type Refusal struct {
	Code   string
	Reason string // of the list hand_back_reason
}

// Refuse says whether a task is refused at entry: a part that the field of work leaves open to no commission, the head of a group
// that it may only take part in, or a signature under the acceptance of business. nil for what may be entered.
func Refuse(work rulebook.Term, part string, heads, signs bool) *Refusal {
	switch {
	case signs:
		return &Refusal{"task.signs", "misplacement"}
	case !names(work, "parts", part):
		return &Refusal{"task." + part, work.Attrs["back"]}
	case heads && work.Attrs["class"] != "core" && part != PartMain:
		return &Refusal{"task.heads", "overreach"}
	}
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
