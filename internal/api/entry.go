package api

import (
	"net/http"

	"qianshao/internal/clue"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/web"
)

// entryPaths are the fields of an entry whose place in the body is not their name.
var entryPaths = map[string]string{
	"unit": "subject.unit", "unit_text": "subject.unit_text", "official": "subject.official", "subject_name": "subject.name", "post": "subject.post", "rank": "subject.rank",
	"category": "subject.category", "party_member": "subject.party_member", "reporter_name": "reporter.name", "reporter_contact": "reporter.contact", "reporter_when": "reporter.when",
}

func entryPath(name string) string {
	if p, ok := entryPaths[name]; ok {
		return p
	}
	return name
}

// who reads whom an entry is about. A unit is named by id or by division code, an official by id.
func (a *API) who(c *web.Ctx, in subjectIn) (org.SubjectInput, error) {
	unit, err := a.unitKey(c, "subject.unit", in.Unit)
	s := org.SubjectInput{Unit: unit, UnitText: in.UnitText, Official: in.Official, Name: in.Name, Post: in.Post, Rank: in.Rank, Category: in.Category, PartyMember: in.PartyMember, Chief: in.Chief, Member: in.Member}
	if x, e := id.Parse(in.Official); e == nil && x.City == c.Who.City {
		s.Official = x.Key
	}
	return s, err
}

// enterTipoff takes a report in, as at the counter.
func (a *API) enterTipoff(c *web.Ctx) error {
	var in tipoffIn
	if err := body(c, &in); err != nil {
		return err
	}
	sub, err := a.who(c, in.Subject)
	if err != nil {
		return err
	}
	e := intake.Entry{Subject: sub, Channel: in.Channel, Received: in.Received, LateReason: in.LateReason, FromKind: in.FromKind, FromNo: in.FromNo, Named: in.Named,
		Original: in.Original, Title: in.Title, Summary: in.Summary, Discipline: in.Discipline}
	if in.Reporter != nil {
		e.Reporter = intake.Reporter{Name: in.Reporter.Name, Contact: in.Reporter.Contact, When: in.Reporter.When}
	}
	got, err := a.Intake.Enter(c.Context(), c.Who, e)
	if err != nil {
		return under(err, entryPath)
	}
	kind := intake.Kind
	if got.Slip {
		kind = intake.KindSlip
	}
	return created(c, entered{got.ID, got.No, kind, got.Gone})
}

// enterClue registers a clue that no tip-off is behind.
func (a *API) enterClue(c *web.Ctx) error {
	var in clueIn
	if err := body(c, &in); err != nil {
		return err
	}
	sub, err := a.who(c, in.Subject)
	if err != nil {
		return err
	}
	got, err := a.Clues.Enter(c.Context(), c.Who, clue.Entry{Subject: sub, Source: in.Source, FromKind: in.FromKind, FromText: in.FromText, Received: in.Received, Title: in.Title, Summary: in.Summary,
		Discipline: in.Discipline, VerifyNote: in.VerifyNote})
	if err != nil {
		return under(err, entryPath)
	}
	return created(c, entered{got.ID, got.No, clue.Kind, got.Gone})
}

// created answers with what was entered. What went straight to the register above has no number and no address here.
func created(c *web.Ctx, e entered) error {
	if e.Gone {
		e.ID, e.No = id.ID{}, ""
	} else {
		c.W.Header().Set("Location", pathOf(e.Kind)+"/"+e.ID.String())
	}
	return c.JSON(http.StatusCreated, e)
}
