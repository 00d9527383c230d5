package calendar

// Unit is what a period is counted in.
type Unit string

// The units.
const (
	Workdays Unit = "workday"
	Days     Unit = "day"
	Months   Unit = "month"
)

// After is the day n units after d, d itself not counted: the n-th working day, the n-th day, the day of the same number n
// months on or that month's last. provisional says that a notice still to come may change the answer. "" if d is invalid,
// u is no unit, or the answer is outside the years 0001 to 9999.
func (b *Book) After(d Date, n int, u Unit) (_ Date, provisional bool) {
	switch u {
	case Workdays:
		return b.AddWorking(d, n)
	case Days:
		return d.AddDays(n), false
	case Months:
		return d.AddMonths(n), false
	}
	return "", false
}
