package calendar

import (
	"slices"
	"testing"
)

// Answers counted by hand on the notices. T63
func TestAddWorking(t *testing.T) {
	t.Parallel()
	b := Shipped()
	for _, c := range []struct {
		d    Date
		n    int
		want Date
	}{
		// 30 September, 8, 9 October, the moved Saturday 10, 12.
		{"2026-09-29", 5, "2026-10-12"},
		// Two moved workdays, 20 September and 10 October, and two holidays.
		{"2026-09-16", 15, "2026-10-13"},
		{"2026-09-18", 1, "2026-09-20"}, // Friday to the moved Sunday
		{"2026-09-20", 1, "2026-09-21"},
		{"2026-09-24", 1, "2026-09-28"}, // the holiday ends with the weekend
		{"2026-10-01", 1, "2026-10-08"},
		{"2026-10-07", 3, "2026-10-10"},
		{"2026-02-13", 1, "2026-02-14"}, // Saturday worked before nine days off
		{"2026-02-14", 1, "2026-02-24"},
		{"2026-12-24", 1, "2026-12-25"},
		{"2019-04-26", 1, "2019-04-28"}, // the changed May Day
		{"2019-04-30", 1, "2019-05-05"},
		{"2020-01-23", 1, "2020-02-03"}, // the longer Spring Festival
		{"2015-09-02", 1, "2015-09-06"},
		{"2018-12-28", 1, "2018-12-29"}, // New Year's Day by the next year's notice
		{"2018-12-29", 1, "2019-01-02"},
		{"2007-12-28", 2, "2008-01-02"},
		{"2005-12-30", 1, "2005-12-31"},
		{"2005-12-31", 1, "2006-01-04"},
		{"2024-02-08", 1, "2024-02-09"}, // 除夕 was not ordered off
		{"2013-04-03", 1, "2013-04-07"},
		{"2025-01-27", 1, "2025-02-05"},
		{"2026-10-08", 0, "2026-10-08"},
		{"2026-10-03", 0, "2026-10-03"}, // nothing is added to a day off either
		{"2026-10-12", -1, "2026-10-10"},
		{"2026-10-12", -5, "2026-09-29"},
		{"2026-10-08", -1, "2026-09-30"},
		{"2026-10-04", -1, "2026-09-30"},
		{"2026-01-05", -2, "2025-12-31"}, // Sunday 4 January was worked
		{"2008-01-02", -2, "2007-12-28"},
	} {
		got, provisional := b.AddWorking(c.d, c.n)
		if got != c.want {
			t.Errorf("AddWorking(%s, %d) = %s, want %s", c.d, c.n, got, c.want)
		}
		if want := c.want == "2026-12-25"; provisional != want {
			t.Errorf("AddWorking(%s, %d) provisional = %v", c.d, c.n, provisional)
		}
	}
}

func TestDay(t *testing.T) {
	t.Parallel()
	b := Shipped()
	for _, c := range []struct {
		d    Date
		kind DayKind
		name string
	}{
		{"2026-09-20", MovedWorkday, "国庆节"}, {"2026-10-10", MovedWorkday, "国庆节"},
		{"2026-10-01", Holiday, "国庆节"}, {"2026-10-03", Holiday, "国庆节"}, {"2026-10-08", Workday, ""},
		{"2026-10-11", Weekend, ""}, {"2026-09-27", Holiday, "中秋节"}, {"2026-02-14", MovedWorkday, "春节"},
		{"2020-10-01", Holiday, "国庆节、中秋节"}, {"2019-04-06", Weekend, ""},
		{"2020-02-01", Holiday, "春节"}, {"2020-02-03", Workday, ""},
		{"2015-09-04", Holiday, "抗战胜利70周年纪念日"}, {"2014-01-30", Workday, ""}, {"2013-02-09", Holiday, "春节"},
		{"2022-12-31", Holiday, "元旦"}, {"2011-12-31", MovedWorkday, "元旦"}, {"2006-12-31", MovedWorkday, "元旦"},
	} {
		want := Day{Date: c.d, Kind: c.kind, Name: c.name}
		if got := b.Day(c.d); got != want {
			t.Errorf("Day(%s) = %+v, want %+v", c.d, got, want)
		}
		if b.Working(c.d) != want.Working() {
			t.Errorf("Working(%s) = %v", c.d, b.Working(c.d))
		}
	}
	if got := Holiday.String() + MovedWorkday.String() + Workday.String() + Weekend.String() + DayKind(0).String(); got !=
		"holidaymoved_workdayworkdayweekend" {
		t.Errorf("codes of kinds are %s", got)
	}
}

func TestNextWorking(t *testing.T) {
	t.Parallel()
	b := Shipped()
	for _, c := range []struct{ d, want Date }{
		{"2026-10-01", "2026-10-08"}, {"2026-09-25", "2026-09-28"}, {"2026-09-20", "2026-09-20"},
		{"2026-09-19", "2026-09-20"}, {"2026-10-11", "2026-10-12"}, {"2026-05-09", "2026-05-09"},
		{"2026-02-15", "2026-02-24"}, {"2020-01-31", "2020-02-03"}, {"2018-12-30", "2019-01-02"},
		{"2027-01-01", "2027-01-04"},
	} {
		if got := b.NextWorking(c.d); got != c.want {
			t.Errorf("NextWorking(%s) = %s, want %s", c.d, got, c.want)
		}
	}
	if got := b.NextWorking("9999-12-31"); got != "9999-12-31" && got != "" {
		t.Errorf("NextWorking at the end of time = %s", got)
	}
}

func TestCountWorking(t *testing.T) {
	t.Parallel()
	b := Shipped()
	for _, c := range []struct {
		after, upto Date
		want        int
	}{
		{"2026-09-16", "2026-10-13", 15}, {"2026-10-13", "2026-09-16", -15}, {"2026-10-08", "2026-10-08", 0},
		{"2026-09-30", "2026-10-07", 0}, {"2026-09-30", "2026-10-08", 1},
		{"2025-12-31", "2026-12-31", 248}, {"2018-12-28", "2019-01-02", 2},
	} {
		if got := b.CountWorking(c.after, c.upto); got != c.want {
			t.Errorf("CountWorking(%s, %s) = %d, want %d", c.after, c.upto, got, c.want)
		}
	}
}

// A year without a notice: weekends, and what the law fixes to a date.
func TestWithoutNotice(t *testing.T) {
	t.Parallel()
	b := Shipped()
	for _, c := range []struct {
		d    Date
		kind DayKind
		name string
	}{
		{"2027-01-01", Holiday, "元旦"}, {"2027-01-02", Weekend, ""}, {"2027-01-04", Workday, ""},
		{"2027-05-01", Holiday, "劳动节"}, {"2027-05-02", Holiday, "劳动节"}, {"2027-05-03", Workday, ""},
		{"2027-10-03", Holiday, "国庆节"}, {"2027-10-04", Workday, ""},
		{"2028-02-29", Workday, ""}, {"2028-10-02", Holiday, "国庆节"},
		{"2027-02-08", Workday, ""}, // 正月初三: lunar, so not known here
		{"2003-05-03", Holiday, "劳动节"}, {"1990-05-02", Workday, ""}, {"1990-10-02", Holiday, "国庆节"},
		{"0001-01-01", Holiday, "元旦"}, {"9999-12-31", Workday, ""},
	} {
		want := Day{Date: c.d, Kind: c.kind, Name: c.name, Provisional: true}
		if got := b.Day(c.d); got != want {
			t.Errorf("Day(%s) = %+v, want %+v", c.d, got, want)
		}
	}
	// The law of 2007, for a year between: a book of 2026 alone.
	empty := &Book{}
	if d := empty.Day("2015-05-02"); d.Name != "" {
		t.Errorf("2 May 2015 is %+v", d)
	}
	if len(empty.Years()) != 0 || empty.Has(2026) || empty.Notices(2026) != nil {
		t.Error("an empty book knows something")
	}
	// Provisional from the last week of the last year with a notice.
	if b.Day("2026-12-24").Provisional || !b.Day("2026-12-25").Provisional || b.Day("2025-12-31").Provisional {
		t.Error("the last week of 2026 hangs on the notice for 2027, that of 2025 on nothing")
	}
	for _, c := range []struct {
		d    Date
		n    int
		want bool
	}{
		{"2026-12-21", 3, false}, {"2026-12-21", 4, true}, {"2026-12-21", 30, true}, {"2027-06-01", 1, true},
		{"2027-01-01", -1, true}, {"2026-12-25", -1, false}, {"2026-12-26", -1, true}, {"2027-06-01", -300, true},
		{"2026-12-21", 0, false},
		// From one year into another: only the days passed over count.
		{"2003-12-31", 1, false}, {"2003-12-30", 1, true}, {"2004-01-01", -1, true}, {"2027-01-01", -5, true},
	} {
		if got, provisional := b.AddWorking(c.d, c.n); provisional != c.want {
			t.Errorf("AddWorking(%s, %d) = %s, provisional = %v", c.d, c.n, got, provisional)
		}
	}
	if got, _ := b.AddWorking("9999-12-30", 5); got != "" {
		t.Errorf("beyond the last day: %s", got)
	}
	if got, _ := b.AddWorking("0001-01-03", -5); got != "" {
		t.Errorf("before the first day: %s", got)
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	b := Shipped()
	for _, c := range []struct {
		d    Date
		want []int
	}{
		{"2026-10-31", nil}, {"2026-11-01", []int{2027}}, {"2026-12-31", []int{2027}},
		{"2027-03-01", []int{2027}}, {"2027-11-20", []int{2027, 2028}}, {"2003-12-01", []int{2003}}, {"2004-12-01", nil},
	} {
		if got := b.Missing(c.d); !slices.Equal(got, c.want) {
			t.Errorf("Missing(%s) = %v, want %v", c.d, got, c.want)
		}
	}
}

const next = `年 2027
通知 国办发明电〔2026〕9号 2026-11-10   # made up for this test
放假 元旦 2026-12-31..01-02
上班 元旦 2026-12-27
放假 国庆节 10-01..10-07
通知 国办发明电〔2027〕2号 2027-04-01
照常 10-06..10-07
`

func TestWith(t *testing.T) {
	t.Parallel()
	ys, err := ParseYears(next, "next.txt")
	if err != nil || len(ys) != 1 {
		t.Fatal(ys, err)
	}
	old := Shipped()
	b := old.With(ys[0])
	if !b.Has(2027) || old.Has(2027) || len(b.Years()) != 24 || len(b.Notices(2027)) != 2 {
		t.Error("With did not make a second book")
	}
	for _, c := range []struct {
		d           Date
		kind        DayKind
		name        string
		provisional bool
	}{
		{"2026-12-27", MovedWorkday, "元旦", false}, {"2026-12-31", Holiday, "元旦", false}, {"2027-01-02", Holiday, "元旦", false},
		{"2027-10-05", Holiday, "国庆节", false}, {"2027-10-06", Workday, "", false},
		{"2027-05-01", Weekend, "", false}, // the notice, made up, forgot it: the notice holds
		{"2027-12-31", Workday, "", true},
	} {
		want := Day{Date: c.d, Kind: c.kind, Name: c.name, Provisional: c.provisional}
		if got := b.Day(c.d); got != want {
			t.Errorf("Day(%s) = %+v, want %+v", c.d, got, want)
		}
	}
	if d := old.Day("2026-12-27"); d.Kind != Weekend || !d.Provisional {
		t.Errorf("the old book changed: %+v", d)
	}
	if given, law := ys[0].Balance(); given == law {
		t.Error("a year with nearly everything left out balances")
	}
	// The caller's slices are the caller's.
	ys[0].Days[0].Name, ys[0].Notices[0].Number = "x", "x"
	b.Notices(2027)[0].Number = "x"
	if b.Day("2026-12-31").Name != "元旦" || b.Notices(2027)[0].Number == "x" {
		t.Error("the book shares memory with its caller")
	}
	// A year is replaced whole, its days of the December before too.
	again := b.With(Year{Year: 2027})
	if d := again.Day("2026-12-27"); d.Kind != Weekend || len(again.Years()) != 24 {
		t.Errorf("after replacing 2027: %+v", d)
	}
	if b.With(Year{Year: MaxYear + 1}) != b || b.With(Year{Year: MinYear - 1}) != b {
		t.Error("With took a year out of bounds")
	}
	// A year that nobody checked can't reach beyond its bounds, or panic.
	wild := old.With(Year{Year: 2030, Days: []Span{
		{From: "0001-01-01", To: "9999-12-31", Kind: Holiday, Name: "x", Notice: 7},
		{From: "junk", To: "2030-01-01", Kind: Holiday}, {From: "2030-05-05", To: "2030-05-04", Kind: Holiday},
		{From: "2030-06-01", To: "2030-06-01", Kind: 9},
	}})
	if wild.Working("2030-03-05") || wild.Working("2029-12-03") || !wild.Working("2029-11-30") ||
		!wild.Working("2031-01-02") || wild.Working("2030-06-01") {
		t.Error("a wild year")
	}
	if _, ok := wild.Basis("2030-03-05"); ok {
		t.Error("a wild year has a basis")
	}
}

func TestBasis(t *testing.T) {
	t.Parallel()
	b := Shipped()
	for _, c := range []struct {
		d    Date
		want string
	}{
		{"2026-10-10", "国办发明电〔2025〕7号"}, {"2018-12-31", "国办发明电〔2018〕15号"},
		{"2019-05-02", "国办发明电〔2019〕3号"}, {"2019-10-01", "国办发明电〔2018〕15号"},
		{"2020-02-01", "国办发明电〔2020〕1号"}, {"2015-09-06", "国发明电〔2015〕1号"},
		{"2026-10-12", ""}, {"2026-10-11", ""}, {"2027-01-01", ""}, {"2005-12-31", "国办发明电〔2005〕35号"},
	} {
		got, ok := b.Basis(c.d)
		if got.Number != c.want || ok != (c.want != "") {
			t.Errorf("Basis(%s) = %v, %v, want %s", c.d, got, ok, c.want)
		}
	}
}
