#include <nablur/autodiff/variable.h>

#include <sstream>

#include <nablur/ops/indexing.h>

#include "../checks.h"

void checks::variable() {
  every_scalar([]<class T>() {
    const Variable<T> number = 2;
    const Variable<T> x = points<T>({1, 2});
    expect("Variable::is_constant", x.is_constant() && !Tape<T>().variable(T(1)).is_constant());
    expect_all("Variable::Variable", Variable<T>(T(3)).value(), {3});
    expect_all("Variable::value", x.value(), {1, 2});
    expect("Variable::shape", x.shape() == Shape{2});
    expect("Variable::rank", number.rank() == 0);
    expect("Variable::size", x.size() == 2);
    Variable<T> other = number;
    other = x;
    expect_all("Variable::operator=", other.value(), {1, 2});
    std::ostringstream out;
    out << x;
    expect("Variable::operator<<", out.str().find("Variable<") == 0);
    expect_all("Variable::operator[]", x[-1].value(), {2});
    expect_near("Variable::item", number.item(), 2);
  });
}
