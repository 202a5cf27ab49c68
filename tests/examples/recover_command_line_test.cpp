// The command line of recover_sigma, in process.

#include <gtest/gtest.h>

#include <cmath>

#include <nablur/support/error.h>

#include "recover/command_line.h"

namespace {

using Arguments = std::vector<std::string>;
using nablur::Border;
using recover::parse_command_line;
using recover::Setting;

std::string refusal(const Arguments& arguments) {
  try {
    parse_command_line(arguments);
  } catch (const nablur::Error& error) {
    return error.what();
  }
  return "";
}

TEST(CommandLine, IsTheNotebooksExperimentIfEmpty) {
  const auto line = parse_command_line({});
  EXPECT_EQ(line.setting, Setting());
  EXPECT_TRUE(line.notebook);
  EXPECT_FALSE(line.help);
  EXPECT_TRUE(line.notes.empty());
}

TEST(CommandLine, TakesEveryOptionInBothForms) {
  const Setting all{.sigma = 2.5,
                    .length = 10,
                    .seed = 4294967295,
                    .iterations = 7,
                    .step = 1e-3,
                    .truncate = 4,
                    .border = Border::mirror,
                    .csv = "a b=c.csv",
                    .figure = "--f.svg",
                    .signal = "x",
                    .smoothed = "y"};
  const Arguments names = {"--sigma",  "--length",   "--seed",    "--iterations",
                           "--step",   "--truncate", "--border",  "--csv",
                           "--figure", "--signal",   "--smoothed"};
  const Arguments values = {"2.5",    "010",       "4294967295", "+7", "1e-3", "4.",
                            "mirror", "a b=c.csv", "--f.svg",    "x",  "y"};
  Arguments joined;
  Arguments apart;
  for (std::size_t i = 0; i < names.size(); ++i) {
    joined.push_back(names[i] + "=" + values[i]);
    if (values[i] == "--f.svg") {
      apart.push_back(joined.back());
    } else {
      apart.insert(apart.end(), {names[i], values[i]});
    }
  }
  for (const Arguments& arguments : {joined, apart}) {
    const auto line = parse_command_line(arguments);
    EXPECT_EQ(line.setting, all);
    EXPECT_FALSE(line.notebook);
    EXPECT_EQ(line.notes.size(), 5u);
  }
}

TEST(CommandLine, LeavesTheNotebookOnlyByWhatChangesIt) {
  EXPECT_TRUE(parse_command_line({"--csv", "t.csv", "--figure", "f.png"}).notebook);
  for (const char* option : {"--sigma=3", "--length=100", "--seed=1337", "--iterations=100",
                             "--step=0.1", "--truncate=3", "--border=zero"}) {
    EXPECT_FALSE(parse_command_line({option}).notebook) << option;
  }
}

TEST(CommandLine, ExplainsItself) {
  for (const char* option : {"-h", "--help"}) {
    const auto line = parse_command_line({"--sigma", "2", option});
    ASSERT_TRUE(line.help.has_value());
    EXPECT_NE(line.help->find("Usage: recover_sigma [OPTIONS]"), std::string::npos) << *line.help;
    EXPECT_NE(line.help->find("--length NUMBER=100 "), std::string::npos) << *line.help;
  }
}

TEST(CommandLine, ReadsNumbersInDecimalOnly) {
  for (const char* text :
       {"", " ", "x", "0x10", "1e3", "1.0", " 5", "5 ", "5,", "1_0", "0b1", "inf", "nan",
        "\xEF\xBC\x91", "99999999999999999999", "0", "-5", "10000001"}) {
    EXPECT_NE(refusal({"--length", text}), "") << text;
  }
  EXPECT_EQ(refusal({"--length", "0x10"}),
            "--length must be a whole number from 1 to 10000000, got \"0x10\"");
  for (const char* text : {"", "x", "0x1p1", "1e", " 1", "1 ", "1,5", "nan", "inf", "-inf", "1e999",
                           "-1", "-1e-300", "1000000.1"}) {
    EXPECT_NE(refusal({"--sigma", text}), "") << text;
  }
  EXPECT_EQ(refusal({"--sigma", "inf"}), "--sigma must be a number from 0 to 1000000, got \"inf\"");
  EXPECT_EQ(parse_command_line({"--seed", "00017"}).setting.seed, 17);
  EXPECT_EQ(parse_command_line({"--sigma", "1e-400"}).setting.sigma, 0);
  EXPECT_FALSE(std::signbit(parse_command_line({"--sigma", "-0"}).setting.sigma));
}

TEST(CommandLine, RefusesNumbersOutOfRange) {
  for (const char* option :
       {"--sigma=-1", "--sigma=1000001", "--length=0", "--length=10000001", "--seed=-1",
        "--seed=4294967296", "--iterations=0", "--iterations=100000001", "--step=0", "--step=inf",
        "--step=-1", "--truncate=0", "--truncate=100.5", "--truncate=nan"}) {
    const std::string name(option, std::string(option).find('='));
    EXPECT_EQ(refusal({option}).rfind(name + " must be a ", 0), 0u) << refusal({option});
  }
}

TEST(CommandLine, KnowsNoOptionButItsOwn) {
  for (const char* argument :
       {"--sgima",    "--sig", "--Sigma", "-s",   "-sigma", "-hx",  "-h=1", "--help=no",
        "--",         "-",     "-1",      "++",   "stray",  "",     " ",    "--sigma:3",
        "--sigma{3}", "--=3",  "=",       "\xFF", "/sigma", "@file"}) {
    EXPECT_NE(refusal({argument}).find(" is not an option; --help lists them"), std::string::npos)
        << argument;
  }
  EXPECT_EQ(refusal({"--sgima=3"}), "\"--sgima=3\" is not an option; --help lists them");
}

TEST(CommandLine, WantsAValueForEachOption) {
  EXPECT_EQ(refusal({"--sigma"}), "--sigma needs a value");
  EXPECT_EQ(refusal({"--csv="}), "--csv needs a value after the equals sign");
  EXPECT_EQ(refusal({"--csv=", "t.csv"}), "--csv needs a value after the equals sign");
  EXPECT_EQ(refusal({"--csv", "--figure", "f.svg"}),
            "--csv needs a value, and \"--figure\" looks like an option");
  EXPECT_EQ(refusal({"--csv", "-h"}), "--csv needs a value, and \"-h\" looks like an option");
  EXPECT_EQ(parse_command_line({"--csv", "-x"}).setting.csv, "-x");
}

TEST(CommandLine, TakesEachOptionOnce) {
  EXPECT_EQ(refusal({"--sigma", "3", "--sigma=3"}), "--sigma is given twice");
  EXPECT_EQ(refusal({"--csv", "a", "--csv", "b"}), "--csv is given twice");
}

TEST(CommandLine, WantsNamesOfFiles) {
  for (const char* option : {"--csv", "--figure", "--signal", "--smoothed"}) {
    Arguments arguments = {option, ""};
    if (arguments[0] == "--signal") arguments.insert(arguments.end(), {"--smoothed", "y"});
    if (arguments[0] == "--smoothed") arguments.insert(arguments.end(), {"--signal", "x"});
    EXPECT_EQ(refusal(arguments),
              std::string(option) + " needs the name of a file, which is empty");
    arguments[1] = "-";
    EXPECT_EQ(refusal(arguments),
              std::string(option) + " does not take -; there are /dev/stdin and /dev/stdout");
  }
  for (const char* name : {"f", "f.bmp", "svg", ".svg/f", "f.svg "}) {
    EXPECT_NE(refusal({"--figure", name}).find("must end in .svg, .png or .pdf"), std::string::npos)
        << name;
  }
}

TEST(CommandLine, WantsBothSignalsOrNone) {
  EXPECT_EQ(refusal({"--signal", "x"}), "--signal requires --smoothed");
  EXPECT_EQ(refusal({"--smoothed", "y"}), "--smoothed requires --signal");
}

TEST(CommandLine, NamesTheBordersThereAre) {
  EXPECT_NE(refusal({"--border", "torus"}).find("\"torus\" is none of zero"), std::string::npos);
  EXPECT_NE(refusal({"--border", "reflect"}).find("\"reflect\" means symmetric"),
            std::string::npos);
  EXPECT_NE(refusal({"--border", ""}), "");
}

}  // namespace
