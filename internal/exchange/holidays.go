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

// importHolidays takes in the State Council's notices, as a table or in the text form of package calendar, and the same
// rules hold. One wrong line and nothing is taken.
func (s *Service) importHolidays(ctx context.Context, who access.Actor, src io.ReaderAt, size int64, opt Options) (Report, error) {
	rep := Report{Kind: "holidays", Counts: map[string]int{}}
	if !s.MayImport(who, "holidays") {
		return rep, fault.New(fault.Forbidden, "page.not_yours")
	}
	if size > sheet.MaxBytes {
		return rep, fault.New(fault.TooLarge, "sheet.large", strconv.Itoa(sheet.MaxBytes>>20))
	}
	given, from, err := noticeText(src, size)
	if err != nil {
		return rep, err
	}
	years, err := calendar.ParseYears(given, "")
	if err != nil {
		var at *calendar.ParseError
		if !errors.As(err, &at) {
			return rep, err
		}
		wrong := Line{Row: at.Line, What: Wrong}
		if from != nil {
			row := from[min(max(at.Line, 1), len(from))-1]
			wrong.Row, wrong.Sheet = row.N, row.Sheet
		}
		wrong.Problems = []Problem{{Code: "calendar." + at.Code, Args: []string{strconv.Itoa(wrong.Row), at.Detail}}}
		rep.add(wrong)
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

// exportHolidays writes the notices that were imported into this deployment, as a table or (Text) in their own form; the
// shipped ones are the program's own. Where there are none it says so: a file with nothing in it says nothing.
func (s *Service) exportHolidays(ctx context.Context, to io.Writer, f sheet.Format, lang string) (int, error) {
	bodies, err := db.Column[string](ctx, s.Ledger.DB.Shared(), `SELECT body FROM holiday_years ORDER BY year`)
	if err != nil {
		return 0, err
	}
	if len(bodies) == 0 {
		return 0, fault.New(fault.Conflict, "sheet.no_holidays")
	}
	if f == Text {
		_, err := io.WriteString(to, strings.Join(bodies, "\n")+"\n")
		return len(bodies), err
	}
	var years []calendar.Year
	for _, b := range bodies {
		ys, err := calendar.ParseYears(b, "holiday_years")
		if err != nil {
			return 0, err
		}
		years = append(years, ys...)
	}
	return writeNotices(to, f, years, lang)
}

// Text is the form of notices that is no table.
const Text sheet.Format = "txt"
