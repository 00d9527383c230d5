package ledger

import (
	"reflect"
	"sync"
)

var texts sync.Map // {table name, verb} → statement

type textKey struct {
	name string
	verb byte
	mask uint64
}

func text(t *Table, verb byte) string {
	k := textKey{t.Name, verb, 0}
	if s, ok := texts.Load(k); ok {
		return s.(string)
	}
	s := t.insertText()
	switch verb {
	case 'o':
		s = t.onceText()
	case 'u':
		s = t.updateText()
	}
	texts.Store(k, s)
	return s
}

func changeText(t *Table, mask uint64) string {
	k := textKey{t.Name, 'c', mask}
	if s, ok := texts.Load(k); ok {
		return s.(string)
	}
	s := t.setText(mask)
	texts.Store(k, s)
	return s
}

// reflected folds named string and integer kinds (calendar.Date, id.City, states).
func reflected(v any) any {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.String:
		return r.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int()
	case reflect.Bool:
		return canonical(r.Bool())
	}
	panic("ledger: a covered row can't hold a " + r.Kind().String())
}
