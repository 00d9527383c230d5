package demo

import (
	"container/heap"
	"time"

	"qianshao/internal/calendar"
)

type event struct {
	at time.Time
	n  int // events of one moment happen in the order they were planned
	do func() error
}

type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].n < q[j].n
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(event)) } //nolint:forcetypeassert // only events are pushed
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

// next takes the earliest event; false when there is none before the end.
func (q *queue) next(end time.Time) (event, bool) {
	if len(*q) == 0 || !(*q)[0].at.Before(end) {
		return event{}, false
	}
	e, ok := heap.Pop(q).(event)
	return e, ok
}

// at plans a step for a time.
func (b *builder) at(t time.Time, do func() error) {
	b.planned++
	heap.Push(&b.queue, event{t, b.planned, do})
}

// after plans a step for lo to hi working days from now, in office hours.
func (b *builder) after(lo, hi int, do func() error) {
	n := lo
	if hi > lo {
		n += b.r.IntN(hi - lo + 1)
	}
	if n == 0 {
		b.at(b.now.Add(time.Duration(5+b.r.IntN(50))*time.Minute), do)
		return
	}
	d, _ := b.app.Clocks.Calendar().AddWorking(b.today(), n) // a day in a year without a notice will do
	b.at(b.hour(d), do)
}

// hour is a moment in office hours of a day.
func (b *builder) hour(d calendar.Date) time.Time {
	m := b.r.IntN(7*60) + 1 // 8:30 to 12:00 and 14:00 to 17:30
	if m > 210 {
		m += 120
	}
	return time.Date(d.Year(), time.Month(d.Month()), d.Day(), 8, 30+m, b.r.IntN(60), b.r.IntN(1e9)/1000*1000, calendar.Zone)
}

// workday is the day itself or the next that is worked.
func (b *builder) workday(d calendar.Date) calendar.Date {
	for !b.app.Clocks.Calendar().Day(d).Working() {
		d = d.AddDays(1)
	}
	return d
}
