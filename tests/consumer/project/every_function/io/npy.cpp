#include <nablur/io/npy.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "../checks.h"

void checks::npy() {
  const char* const folder = std::getenv("TMPDIR");
  const std::string path =
      std::string(folder != nullptr ? folder : "/tmp") + "/nablur-consumer.npy";
  const auto check = [&]<class T>() {
    nablur::save_npy(path, Tensor<T>({2, 1}, {T(1), T(2)}));
    expect("save_npy", !throws<nablur::Error>([&] { nablur::load_npy<T>(path); }));
    expect_all("load_npy", nablur::load_npy<T>(path), {1, 2});
  };
  plain_scalars(check);
  check.template operator()<std::int64_t>();
  std::remove(path.c_str());
}
