package exchange

import (
	"context"
	"io"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/casework"
	"qianshao/internal/clue"
	"qianshao/internal/deadline"
	"qianshao/internal/duty"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
	"qianshao/internal/sheet"
)

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Rules  *rulebook.Book
	Clocks *deadline.Keeper
	Engine *flow.Engine
	Org    *org.Service
	Intake *intake.Service
	Clues  *clue.Service
	Cases  *casework.Service
	Duties *duty.Service
}

// Kinds lists what can be imported and exported, in the order one sets a place up.
var Kinds = []string{"divisions", "people", "officials", "duties", "statistics", "holidays", "tipoffs", "clues", "cases"}

// Known says whether there is such a kind.
func Known(kind string) bool { return slices.Contains(Kinds, kind) }

// Progress hears now and then how far an import is: its stage (read, check, write), and how many rows of how many; of 0 where
// nobody knows yet.
type Progress func(stage string, rows, of int)

// Options of an import.
type Options struct {
	DryRun   bool
	On       calendar.Date // as of which day; "" is today
	Lang     string
	Progress Progress // may be nil
	Record   id.Key   // what the acts of this import are known by; "": a new one
}

// What a row does.
const (
	New    = "new"
	Change = "change"
	Same   = "same"
	End    = "end" // something ends because of the import; its line has no row of its own
	Wrong  = "wrong"
)

// Report is what an import would do, or did.
type Report struct {
	Kind   string
	Rows   int
	Counts map[string]int // by what the rows do
	Lines  []Line         // all that are wrong, and the others up to a bound
	More   bool           // there are further lines
	Done   bool           // it has been written, all of it
	// Written is how many rows this import has written. Without Done it stopped on the way: these rows are there, and the
	// report says of the others what is left of them.
	Written int
	Heads   []Head
	wrong   []Line
}

// Head is how one sheet's head row was understood. Without columns the sheet has none, and was not read.
type Head struct {
	Sheet   string // "" for a text file
	Row     int
	Columns []Taken
}

// Taken is what a column of a sheet was taken as: the code of one of the kind's, "" for one that is left alone.
type Taken struct{ Text, Column string }

// Known lists the columns that were recognised, each as it is called in the sheet and, where that is something else, as what it
// was taken.
func (h Head) Known(lang string) []string {
	var out []string
	for _, c := range h.Columns {
		switch name := ColumnName(lang, c.Column); {
		case c.Column == "":
		case text.Name(name) == text.Name(c.Text):
			out = append(out, c.Text)
		default:
			out = append(out, locale.T(lang, "sheet.taken", c.Text, name))
		}
	}
	return out
}

// Left lists the columns that were not recognised.
func (h Head) Left() []string {
	var out []string
	for _, c := range h.Columns {
		if c.Column == "" {
			out = append(out, c.Text)
		}
	}
	return out
}

// Line is one row of a report.
type Line struct {
	Sheet    string
	Row      int // 0: no row of the file
	What     string
	Name     string
	Changes  []Changed
	Problems []Problem
}

// Changed is one value that becomes another.
type Changed struct{ Column, From, To string }

// Problem is what is wrong in a row: the column's code, and what to do as a fault code with its arguments.
type Problem struct {
	Column string
	Code   string
	Args   []string
}

// Text is the problem in words: the column, and what to do.
func (p Problem) Text(lang string) string {
	t := locale.T(lang, "fault."+p.Code, p.Args...)
	if p.Column == "" {
		return t
	}
	return ColumnName(lang, p.Column) + locale.T(lang, "punct.colon") + t
}

// ColumnName is what a column is called.
func ColumnName(lang, column string) string { return locale.T(lang, "sheet.col."+column) }

// shownLines bounds the lines of a report that are not wrong.
const shownLines = 500

func (r *Report) add(l Line) {
	r.Counts[l.What]++
	if l.What == Wrong {
		r.wrong = append(r.wrong, l)
	}
	most := shownLines
	switch l.What {
	case Wrong:
		most *= 4
	case Same: // leaves room for what is left of a table that is there in part
		most /= 2
	}
	if len(r.Lines) < most {
		r.Lines = append(r.Lines, l)
		return
	}
	r.More = true
}

// Clean says whether nothing is wrong.
func (r Report) Clean() bool { return r.Counts[Wrong] == 0 }

// Changes says whether anything would be different.
func (r Report) Changes() bool { return r.Counts[New]+r.Counts[Change]+r.Counts[End] > 0 }

// table is a kind: its columns, who may import and export it, how it is planned and how it is given out.
type table struct {
	columns []column
	perm    access.Perm // of the import, beside ImportRows
	read    access.Perm // of the export, beside ExportRows
	level   int         // the highest level that imports it: what a county enters of its townships no city does
	plan    func(s *Service, ctx context.Context, p *pass) (apply func(ctx context.Context, tx *ledger.Tx) error, err error)
	export  func(s *Service, ctx context.Context, r db.Reader, who access.Actor, lang string, row func([]string) error) error
}

var tables = map[string]table{
	"divisions":  {divisionColumns, access.OrgWrite, access.OrgRead, access.Province, (*Service).planDivisions, (*Service).exportDivisions},
	"people":     {peopleColumns, access.OrgWrite, access.OrgRead, access.Province, (*Service).planPeople, (*Service).exportPeople},
	"officials":  {officialColumns, access.OrgWrite, access.OrgRead, access.Province, (*Service).planOfficials, (*Service).exportOfficials},
	"duties":     {dutyColumns, access.DutyFile, access.DutyRead, access.County, (*Service).planDuties, (*Service).exportDuties},
	"statistics": {statisticColumns, access.OrgWrite, access.OrgRead, access.Province, (*Service).planStatistics, (*Service).exportStatistics},
	"tipoffs":    {tipoffColumns, access.TipoffEnter, access.TipoffRead, access.Province, (*Service).planTipoffs, (*Service).exportTipoffs},
	"clues":      {clueColumns, access.ClueEnter, access.ClueRead, access.Province, (*Service).planClues, (*Service).exportClues},
	"cases":      {caseColumns, access.ClueEnter, access.CaseRead, access.Province, (*Service).planCases, (*Service).exportCases},
}

// pass is one import under way: the rows, the day, and where it all goes.
type pass struct {
	who   access.Actor
	r     db.Reader
	on    calendar.Date
	today calendar.Date
	rows  []record
	have  map[string]bool // columns the file has
	rep   *Report
	work  []record // those of the rows that do something, in the order of the file
	units *unitIndex
	lang  string
}

// MayImport says whether somebody may import a kind at all; which rows is asked of each.
func (s *Service) MayImport(who access.Actor, kind string) bool {
	if kind == "holidays" { // the notices are the deployment's; package deadline asks
		return who.Automatic()
	}
	t, ok := tables[kind]
	return ok && (who.Automatic() || who.Can(access.ImportRows) && who.Can(t.perm) && who.Unit().Level >= t.level)
}

// MayExport says whether somebody may have a kind given out. Whoever may import a table may have it out to mend it;
// other tables are given out to those who may export.
func (s *Service) MayExport(who access.Actor, kind string) bool {
	if kind == "holidays" { // public notices
		return true
	}
	t, ok := tables[kind]
	return ok && (who.Automatic() || who.Can(t.read) && (who.Can(access.ExportRows) || s.MayImport(who, kind)))
}

// touched says whether any of the acts could have changed what a table's rows are held against. Tables of units, posts
// and people are not held against reports, nor against who signs in; every other act is taken to matter.
func touched(kind string, acts []string) bool {
	return slices.ContainsFunc(acts, func(action string) bool {
		area, _, _ := strings.Cut(action, ".")
		switch area {
		case "backup", "file":
			return false
		case "tipoff", "slip", "account", "clock":
			return !slices.Contains([]string{"divisions", "people", "officials", "duties", "statistics"}, kind)
		}
		return true
	})
}

// Export writes a table of what the actor may see, and says how many rows it has.
func (s *Service) Export(ctx context.Context, who access.Actor, kind string, to io.Writer, f sheet.Format, lang string) (int, error) {
	if kind == "holidays" {
		return s.exportHolidays(ctx, to, f, lang)
	}
	t, ok := tables[kind]
	if !ok {
		return 0, fault.InvalidField("kind", "choice.unknown")
	}
	if !s.MayExport(who, kind) {
		return 0, fault.New(fault.Forbidden, "page.not_yours")
	}
	n := 0
	w, err := sheet.NewWriter(to, f, locale.T(lang, "sheet.kind."+kind), head(t.columns, lang))
	if err != nil {
		return 0, err
	}
	err = t.export(s, ctx, s.Ledger.DB.In(who.City), who, lang, func(cells []string) error {
		n++
		return w.Write(cells)
	})
	if err != nil {
		return n, err
	}
	if err := s.told(ctx, who, kind, n); err != nil {
		return n, err
	}
	return n, w.Close()
}

// told records an export: what left the system is an act (D12).
func (s *Service) told(ctx context.Context, who access.Actor, kind string, rows int) error {
	_, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		organ := who.Unit().OrganID()
		if organ.Zero() {
			top, err := access.Top(ctx, tx)
			if err != nil {
				return ledger.Act{}, err
			}
			organ = top.ID
		}
		return ledger.Act{Action: "rows.export", Organ: organ, About: "export/" + kind, Params: map[string]any{"kind": kind, "rows": rows}}, nil
	})
	return err
}

// Template writes the head row of a kind.
func (s *Service) Template(kind string, to io.Writer, f sheet.Format, lang string) error {
	t, ok := tables[kind]
	if !ok {
		return fault.InvalidField("kind", "choice.unknown")
	}
	w, err := sheet.NewWriter(to, f, locale.T(lang, "sheet.kind."+kind), head(t.columns, lang))
	if err != nil {
		return err
	}
	return w.Close()
}
