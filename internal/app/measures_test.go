package app_test

import "qianshao/internal/measure"

var checkRollups = measure.Check
