// Package insight says in words what the numbers say: the report on township commissions (M41), five problems and six
// remedies, for a county, a city or a province and a span of days.
//
// The words: a Plan is what the report asks, as data (rulebook/report-*.yaml): which measures bear on which problem,
// past which threshold a problem is called one, which steps a remedy consists of, who owes them and by when. A Figure is
// one measure of the unit, now and over the span before, with its link to the rows. A Finding is a problem with its
// tests: found, not found, or not judged because nothing is recorded to judge it by. A Gap is what one township is
// short of, and who owes it; what several townships of one county are short of is a common problem, and the county's.
// A Document is the report as sentences and tables in one language, from which the page, Markdown and Word are made.
//
// Invariants: nothing is typed in and nothing is stored: every number of every sentence comes from a measure (package
// measure) computed for this report, so that another roster gives another text. A sentence whose number is not known is
// left out, or says that it is not known. Numbers that must never be scored (tip-offs, clues, filings, sanctions) are
// told and never set against a unit's name. No person is named. The same rows give the same bytes.
//
// Start at Service.Report; Compose in document.go turns the result into sentences, Write into a file.
package insight
