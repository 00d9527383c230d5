package exchange

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/platform/db"
	"qianshao/internal/sheet"
)

// importHolidays takes in the State Council's notices in the text form of package calendar: that is no table, but the
// same rules hold. One wrong line and nothing is taken.
func (s *Service) importHolidays(ctx context.Context, who access.Actor, src io.ReaderAt, size int64, opt Options) (Report, error) {
	rep := Report{Kind: "holidays", Counts: map[string]int{}}
	if !s.MayImport(who, "holidays") {
		return rep, fault.New(fault.Forbidden, "page.not_yours")
	}
	if size > sheet.MaxBytes {
		return rep, fault.New(fault.TooLarge, "sheet.large", strconv.Itoa(sheet.MaxBytes>>20))
	}
	b, err := io.ReadAll(io.NewSectionReader(src, 0, size))
	if err != nil {
		return rep, err
	}
	years, err := calendar.ParseYears(string(b), "")
	if err != nil {
		var at *calendar.ParseError
		if !errors.As(err, &at) {
			return rep, err
		}
		rep.add(Line{Row: at.Line, What: Wrong, Problems: []Problem{{Code: "calendar." + at.Code, Args: []string{strconv.Itoa(at.Line), at.Detail}}}})
		return rep, nil
	}
	if len(years) == 0 {
		return rep, fault.InvalidField("text", "calendar.nothing")
	}
	rep.Rows = len(years)
	text, fresh, err := s.notices(ctx, years)
	if err != nil {
		return rep, err
	}
	if !opt.DryRun {
		done, err := s.Clocks.ImportYear(ctx, s.Ledger, who, text, s.Engine.Effects())
		if err != nil {
			return rep, err
		}
		fresh = map[int]bool{} // what was really written, should somebody else have imported meanwhile
		for _, y := range done.New {
			fresh[y] = true
		}
		rep.Done = true
	}
	for _, y := range years {
		l := Line{What: Same, Name: strconv.Itoa(y.Year)}
		if fresh[y.Year] {
			l.What = New
		}
		for _, n := range y.Notices {
			l.Changes = append(l.Changes, Changed{Column: "notice", To: n.Number})
		}
		rep.add(l)
	}
	return rep, nil
}

// notices is the text to import, and which of its years say something new. Two texts that say the same are the same
// here, however they were typed: a year that says nothing new is handed on as it is kept, so that a dry run and the
// real one can't come to different answers.
func (s *Service) notices(ctx context.Context, years []calendar.Year) (string, map[int]bool, error) {
	bodies, err := db.Column[string](ctx, s.Ledger.DB.Shared(), `SELECT body FROM holiday_years ORDER BY year`)
	if err != nil {
		return "", nil, err
	}
	kept := map[string]string{} // by what they say
	for _, b := range bodies {
		ys, err := calendar.ParseYears(b, "holiday_years")
		if err != nil {
			return "", nil, err
		}
		for _, y := range ys {
			kept[y.String()] = b
		}
	}
	var text strings.Builder
	fresh := map[int]bool{}
	for _, y := range years {
		b, same := kept[y.String()]
		if !same {
			b, fresh[y.Year] = y.String(), true
		}
		text.WriteString(b + "\n")
	}
	return text.String(), fresh, nil
}

// exportHolidays writes the notices that were imported into this deployment; the shipped ones are the program's own.
func (s *Service) exportHolidays(ctx context.Context, to io.Writer) (int, error) {
	bodies, err := db.Column[string](ctx, s.Ledger.DB.Shared(), `SELECT body FROM holiday_years ORDER BY year`)
	for _, b := range bodies {
		if _, err := io.WriteString(to, b+"\n"); err != nil {
			return 0, err
		}
	}
	return len(bodies), err
}
