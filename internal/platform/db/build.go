package db

import (
	"math/bits"
	"strconv"
	"strings"
)

// Builder puts a statement together from fixed parts whose parameters are written "?". The first parameter of the
// result is $2: $1 is the tenant. Values never become part of the text.
type Builder struct {
	text strings.Builder
	args []any
	base int
}

// Build begins a statement on business tables.
func Build(part string, args ...any) *Builder {
	b := &Builder{base: 2}
	return b.Add(part, args...)
}

// BuildShared begins a statement on tables without a tenant: its first parameter is $1.
func BuildShared(part string, args ...any) *Builder {
	b := &Builder{base: 1}
	return b.Add(part, args...)
}

// Add appends a part, numbering its "?".
func (b *Builder) Add(part string, args ...any) *Builder {
	if strings.Count(part, "?") != len(args) {
		panic("db: " + strconv.Itoa(len(args)) + " values for " + part)
	}
	for {
		i := strings.IndexByte(part, '?')
		if i < 0 {
			break
		}
		b.text.WriteString(part[:i])
		b.text.WriteByte('$')
		b.text.WriteString(strconv.Itoa(b.base + len(b.args)))
		b.args = append(b.args, args[0])
		args, part = args[1:], part[i+1:]
	}
	b.text.WriteString(part)
	return b
}

// If appends the part only when the condition holds.
func (b *Builder) If(cond bool, part string, args ...any) *Builder {
	if cond {
		b.Add(part, args...)
	}
	return b
}

// In appends "column IN (…)" for a short list, and a condition that is never true for an empty one. The last value is
// said again until there are 1, 2, 4, 8 …: lists of every length would be as many statements for the database to plan.
func (b *Builder) In(prefix, column string, values []string) *Builder {
	if len(values) == 0 {
		return b.Add(prefix + "1 = 0")
	}
	n := 1 << bits.Len(uint(len(values)-1))
	args := make([]any, n)
	for i := range args {
		args[i] = values[min(i, len(values)-1)]
	}
	return b.Add(prefix+column+" IN (?"+strings.Repeat(", ?", n-1)+")", args...)
}

// SQL is the text and its parameters.
func (b *Builder) SQL() (string, []any) { return b.text.String(), b.args }

// Text is the text alone.
func (b *Builder) Text() string { return b.text.String() }

// Args are the parameters alone.
func (b *Builder) Args() []any { return b.args }
