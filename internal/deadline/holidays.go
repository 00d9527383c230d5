package deadline

import (
	"context"

	"qianshao/internal/calendar"
	"qianshao/internal/platform/db"
)

// LoadCalendar is the shipped calendar with the years imported into this deployment on top.
func LoadCalendar(ctx context.Context, r db.Reader, book *calendar.Book) (*calendar.Book, error) {
	bodies, err := db.Column[string](ctx, r, `SELECT body FROM holiday_years ORDER BY year`)
	if err != nil {
		return nil, err
	}
	for _, b := range bodies {
		ys, err := calendar.ParseYears(b, "holiday_years")
		if err != nil {
			return nil, err
		}
		for _, y := range ys {
			book = book.With(y)
		}
	}
	return book, nil
}
