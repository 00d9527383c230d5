package exchange

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/fault"
)

// Division is one place of the official list: its twelve digits and its name.
type Division struct{ Code, Name string }

// Kind is what kind of place the code says it is: province, city, county, township, village.
func (d Division) Kind() string { kind, _ := place(d.Code); return kind }

// Above is the code of the place that it lies in, "" for a province.
func (d Division) Above() string {
	kind, above := place(d.Code)
	if kind == "province" {
		return ""
	}
	return above
}

// wholeNation is how many rows a list may have that an operator sets up from: the nation's has 665,000.
const wholeNation = 1_000_000

// Divisions reads an official list whole, in the order of codes, so that what lies above comes first. What is wrong with it
// is said of the first row that is; then nothing of it is of use.
func Divisions(src io.ReaderAt, size int64, tell func(stage string, rows int)) ([]Division, error) {
	in, err := open(src, size, divisionColumns)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	in.Allow(wholeNation)
	var out []Division
	headed := false
	for {
		row, head, err := in.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		headed = headed || head
		if head || in.at == nil {
			continue
		}
		var d Division
		for i, v := range row.Cells {
			switch {
			case i >= len(in.at):
			case in.at[i] == "code":
				d.Code = strings.Clone(v) // not the row that it was read from
			case in.at[i] == "unit_name":
				d.Name = strings.Clone(v)
			}
		}
		if d == (Division{}) {
			continue
		}
		if len(d.Code) != 12 || strings.Trim(d.Code, "0123456789") != "" {
			return nil, fault.New(fault.Invalid, "setup.row", row.Sheet, strconv.Itoa(row.N), d.Code+" "+d.Name).Because(fault.New(fault.Invalid, "sheet.division"))
		}
		if d.Name == "" {
			return nil, fault.New(fault.Invalid, "setup.row", row.Sheet, strconv.Itoa(row.N), d.Code)
		}
		if out = append(out, d); len(out)%10_000 == 0 {
			tell("read", len(out))
		}
	}
	if !headed {
		return nil, headless(divisionColumns)
	}
	slices.SortFunc(out, func(a, b Division) int { return strings.Compare(a.Code, b.Code) })
	for i, d := range out {
		if i > 0 && out[i-1].Code == d.Code {
			return nil, fault.New(fault.Conflict, "setup.twice", d.Code, out[i-1].Name, d.Name)
		}
		if above := d.Above(); above != "" {
			if _, there := slices.BinarySearchFunc(out, above, func(x Division, code string) int { return strings.Compare(x.Code, code) }); !there {
				return nil, fault.New(fault.Conflict, "setup.above", d.Code, d.Name, above)
			}
		}
	}
	return out, nil
}
