package duty_test

import (
	"slices"
	"strings"
	"testing"

	"qianshao/internal/duty"
	"qianshao/internal/rulebook"
	rules "qianshao/rulebook"
)

const today = "2026-10-12"

func book(t *testing.T) *rulebook.Book {
	t.Helper()
	b, err := rulebook.Load(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The rules are judged from the top down, and what they leave open is looked at by a person.
func TestJudge(t *testing.T) {
	b := book(t)
	for _, x := range []struct {
		a          duty.Asked
		want, rule string
	}{
		{duty.Asked{Kind: "portfolio", Post: "secretary", Part: duty.PartMain, FullTime: true}, duty.Leave, "portfolio"},
		{duty.Asked{Kind: "portfolio", Post: "secretary", Part: duty.PartMain}, duty.Look, "rest"},
		{duty.Asked{Kind: "portfolio", Post: "officer", Part: duty.PartMain, FullTime: true}, duty.Look, "rest"},
		{duty.Asked{Kind: "village", Post: "deputy", Part: duty.PartPart, FullTime: true}, duty.Leave, "village"},
		{duty.Asked{Kind: "village", Post: "officer", Part: duty.PartPart, FullTime: true}, duty.Look, "rest"},
		{duty.Asked{Kind: "leading_group", Post: "secretary", Part: duty.PartPart, FullTime: true}, duty.Allowed, "group"},
		{duty.Asked{Kind: "leading_group", Post: "secretary", Part: duty.PartLead, FullTime: true}, duty.Leave, "leads"},
		{duty.Asked{Kind: "project", Post: "officer", Part: duty.PartMain}, duty.Leave, "project"},
		{duty.Asked{Kind: "project", Post: "officer", Part: duty.PartPart}, duty.Look, "rest"},
		{duty.Asked{Kind: "secondment", Post: "officer", Part: duty.PartMain}, duty.Look, "secondment"},
		{duty.Asked{Kind: "portfolio", Post: "secretary", Part: duty.PartOutside, FullTime: true}, duty.Allowed, "outside"},
	} {
		if j := duty.Judge(b, x.a, today); j.Verdict != x.want || j.Rule.Code != x.rule || len(j.Rule.Basis) == 0 {
			t.Errorf("%+v is %s by %s, want %s by %s", x.a, j.Verdict, j.Rule.Code, x.want, x.rule)
		}
	}
}

// What the lists of the rulebook say of each other must be there: a rule of an unknown kind of post would never fit.
func TestListsAgree(t *testing.T) {
	b := book(t)
	codes := func(list string) (out []string) {
		for _, x := range b.Terms(list, today) {
			out = append(out, x.Code)
		}
		return out
	}
	posts := []string{"secretary", "deputy", "officer"}
	check := func(where string, term rulebook.Term, attrs map[string][]string) {
		for name, value := range term.Attrs {
			known, ok := attrs[name]
			if !ok {
				t.Errorf("%s.%s: nobody reads %s", where, term.Code, name)
			}
			for _, x := range strings.Fields(value) {
				if !slices.Contains(known, x) {
					t.Errorf("%s.%s: %s can't be %q", where, term.Code, name, x)
				}
			}
		}
	}
	rules := b.Terms("duty_rule", today)
	for i, x := range rules {
		check("duty_rule", x, map[string][]string{"kinds": codes("duty_kind"), "posts": posts, "parts": codes("duty_role"), "full_time": {"yes"}, "verdict": codes("duty_verdict")})
		if x.Attrs["verdict"] == "" {
			t.Errorf("%s judges nothing", x.Code)
		}
		if (len(x.Attrs) == 1) != (i == len(rules)-1) {
			t.Errorf("%s: the last rule alone fits everything", x.Code)
		}
	}
	for _, x := range b.Terms("duty_work", today) {
		check("duty_work", x, map[string][]string{"class": {"core", "assist", "outside"}, "posts": posts, "parts": codes("duty_role"), "back": codes("hand_back_reason")})
		if x.Attrs["parts"] == "" || x.Attrs["back"] == "" {
			t.Errorf("%s says no parts or no reason", x.Code)
		}
	}
	for _, x := range b.Terms("inspection_found", today) {
		check("inspection_found", x, map[string][]string{"of": {"duty", "handback", "other"}, "differs": {"yes"}})
	}
	for _, post := range posts {
		if len(duty.Core(b, post, today)) < 3 {
			t.Errorf("the duty list of %s is short", post)
		}
	}
}

// A task is refused for what the commission is to do in it, not for what it is about.
func TestRefuse(t *testing.T) {
	b := book(t)
	for _, x := range []struct {
		work, part   string
		heads, signs bool
		code, reason string
	}{
		{"conduct", duty.PartLead, true, false, "", ""}, {"special", duty.PartMain, false, false, "", ""}, {"committee", duty.PartPart, false, false, "", ""}, {"land", duty.PartOutside, false, false, "", ""},
		{"special", duty.PartLead, false, false, "task.lead", "overreach"}, {"land", duty.PartPart, false, false, "task.part", "misplacement"}, {"business", duty.PartLead, false, false, "task.lead", "absence"},
		{"committee", duty.PartPart, true, false, "task.heads", "overreach"}, {"conduct", duty.PartLead, false, true, "task.signs", "misplacement"},
	} {
		w, _ := b.Term("duty_work", x.work)
		got := duty.Refuse(w, x.part, x.heads, x.signs)
		switch {
		case got == nil && x.code != "" || got != nil && (got.Code != x.code || got.Reason != x.reason):
			t.Errorf("%+v: %+v", x, got)
		}
	}
}
