package calendar

import "testing"

// Deadlines of a whole nation are recomputed in one run: these must stay at
// tens of nanoseconds, without allocation.

var (
	sinkDate Date
	sinkDay  Day
	sinkInt  int
)

func BenchmarkAddWorking15(b *testing.B) {
	book := Shipped()
	b.ReportAllocs()
	for b.Loop() {
		sinkDate, _ = book.AddWorking("2026-09-16", 15)
	}
}

func BenchmarkAddWorkingBack3(b *testing.B) {
	book := Shipped()
	b.ReportAllocs()
	for b.Loop() {
		sinkDate, _ = book.AddWorking("2026-10-13", -3)
	}
}

func BenchmarkDay(b *testing.B) {
	book := Shipped()
	b.ReportAllocs()
	for b.Loop() {
		sinkDay = book.Day("2026-10-10")
	}
}

func BenchmarkDayWithoutNotice(b *testing.B) {
	book := Shipped()
	b.ReportAllocs()
	for b.Loop() {
		sinkDay = book.Day("2031-10-10")
	}
}

func BenchmarkCountWorking(b *testing.B) {
	book := Shipped()
	b.ReportAllocs()
	for b.Loop() {
		sinkInt = book.CountWorking("2026-02-03", "2026-10-13")
	}
}

func BenchmarkAddDays(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sinkDate = Date("2026-09-16").AddDays(45)
	}
}

func BenchmarkAddMonths(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sinkDate = Date("2026-08-31").AddMonths(6)
	}
}

func BenchmarkInstantDate(b *testing.B) {
	i := StartOf("2026-10-01") + 12345
	b.ReportAllocs()
	for b.Loop() {
		sinkDate = i.Date()
	}
}

func BenchmarkWith(b *testing.B) {
	ys, err := ParseYears("年 2027\n通知 试 2026-11-10\n放假 元旦 01-01..01-03\n", "2027")
	if err != nil {
		b.Fatal(err)
	}
	book := Shipped()
	b.ReportAllocs()
	for b.Loop() {
		sinkInt = len(book.With(ys[0]).years)
	}
}
