package document

import (
	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
)

// gap is what stands in a sample where the matter's own data will stand.
const gap = "×××"

// Sample is a document's text with its gaps open, for whoever wants to see the paper before there is a matter.
func (s *Service) Sample(code string, issuer access.Unit, today calendar.Date) (Paper, error) {
	doc, ok := s.Rules.Document(code)
	if !ok || doc.Body == "" {
		return Paper{}, fault.Hidden()
	}
	g := &gathered{M: flow.Matter{No: gap, Title: gap, Received: today}, Subject: flow.Subject{Name: gap, Post: gap}, Place: gap, Stage: "reported", Issuer: issuer, Author: gap, Today: today,
		Said: map[string]flow.Values{}, Clock: &Clock{OwedBy: gap, Due: today, Reasons: []string{gap}}, Target: gap, Rules: s.Rules, Gap: gap}
	return g.write(doc)
}
