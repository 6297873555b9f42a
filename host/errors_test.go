package host_test

import "errors"

func asError(err, target error) bool { return errors.Is(err, target) }

func asType[E error](err error, target *E) bool { return errors.As(err, target) }
