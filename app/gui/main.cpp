// SPDX-License-Identifier: Apache-2.0
#include "app/exchange/capturefile.h"
#include "app/gui/composition.h"
#include "engine/inference/engine.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QSysInfo>

#include <cstdio>
#include <cstdlib>

namespace {

/** Whether a person has named Qt's platform: then Qt's own sentence says best what is wrong with it. */
bool namesPlatform(const QStringList& arguments) {
    return !qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM") || arguments.contains(QStringLiteral("-platform")) ||
           arguments.contains(QStringLiteral("--platform"));
}

bool namesDisplay(const QStringList& arguments) {
    return !qEnvironmentVariableIsEmpty("DISPLAY") || !qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY") ||
           !qEnvironmentVariableIsEmpty("WAYLAND_SOCKET") || arguments.contains(QStringLiteral("-display")) ||
           arguments.contains(QStringLiteral("--display"));
}

[[noreturn]] void endWithoutWindow(const char* what) {
    std::fprintf(stderr, "%s; “moescope-cli chat” chats in the terminal.\n", what);
    std::_Exit(EXIT_FAILURE);
}

constexpr int wrongUsage = 2; // as of moescope-cli

/** What `parser` has refused, in one sentence with the word as it was typed. */
QString usageSentence(const QCommandLineParser& parser, const QStringList& arguments) {
    QString sentence = parser.errorText();
    const QStringList unknown = parser.unknownOptionNames();
    for (const QString& argument : arguments.mid(1)) {
        const QString typed = argument.section(QLatin1Char('='), 0, 0);
        const QString name = typed.mid(typed.startsWith(QLatin1String("--")) ? 2 : 1);
        if (unknown.isEmpty() && argument == arguments.last() && typed.startsWith(QLatin1Char('-'))) {
            sentence = QCoreApplication::translate("main", "%1: its value is missing.").arg(typed);
        } else if (typed.startsWith(QLatin1Char('-')) && unknown.contains(name)) {
            sentence = QCoreApplication::translate("main", "“moescope” has no option “%1”.").arg(typed);
            break;
        }
    }
    return sentence + QCoreApplication::translate("main", " “moescope --help” lists what it takes.");
}

QtMessageHandler qtHandler = nullptr;

/** While the QApplication is made: what is fatal there is that no window can open. Qt would abort. */
void endOnFatal(QtMsgType type, const QMessageLogContext& context, const QString& message) {
    if (type == QtFatalMsg) {
        endWithoutWindow("The display cannot be opened");
    }
    qtHandler(type, context, message);
}

} // namespace

int main(int argc, char** argv) {
    moescope::inference::prepareProcess();
    QApplication::setApplicationName(QStringLiteral("moescope"));
    QApplication::setApplicationDisplayName(QStringLiteral("Moescope"));
    QApplication::setApplicationVersion(QStringLiteral(MOESCOPE_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("moescope"));

    QCommandLineParser parser;
    parser.setApplicationDescription(QCoreApplication::translate(
        "main", "Chat with mixture-of-experts models on this machine and see what happens inside."));
    parser.setSingleDashWordOptionMode(QCommandLineParser::ParseAsLongOptions); // as Qt's own options
    const QCommandLineOption help = parser.addHelpOption();
    const QCommandLineOption version = parser.addVersionOption();
    const QCommandLineOption data(QStringLiteral("data-dir"),
                                  QCoreApplication::translate("main", "Folder for conversations and settings."),
                                  QStringLiteral("folder"), qEnvironmentVariable("MOESCOPE_DATA"));
    const QCommandLineOption model(
        QStringLiteral("model"),
        QCoreApplication::translate("main", "A .gguf file, or “builtin”; if not given, last time's model."),
        QStringLiteral("file"));
    const QCommandLineOption device(
        QStringLiteral("device"),
        QCoreApplication::translate("main", "Vulkan device: its index or a part of its name."),
        QStringLiteral("device"));
    parser.addOptions({data, model, device});
    parser.addPositionalArgument(
        QStringLiteral("file"),
        QCoreApplication::translate("main", "A capture (.moescope) to open, or a model (.gguf) to load."),
        QStringLiteral("[file]"));

    // What ends with a text needs no display, where a QApplication would end the program. Qt's own options, which only
    // a QApplication takes out, are unknown here: nothing is refused for them.
    QStringList arguments;
    for (int i = 0; i < argc; ++i) {
        arguments.append(QString::fromLocal8Bit(argv[i]));
    }
    parser.parse(arguments);
    const bool helps = parser.isSet(help) || parser.isSet(QStringLiteral("help-all"));
    if (helps || parser.isSet(version)) {
        const QCoreApplication console(argc, argv);
        if (helps) {
            parser.showHelp(0);
        }
        parser.showVersion(); // both end the program
    }
    const bool platformIsNamed = namesPlatform(arguments);
    if (!platformIsNamed) {
        if (QSysInfo::kernelType() == QLatin1String("linux") && !namesDisplay(arguments)) {
            endWithoutWindow("There is no display, so no window can open");
        }
        qtHandler = qInstallMessageHandler(endOnFatal);
    }
    const QApplication application(argc, argv);
    if (!platformIsNamed) {
        qInstallMessageHandler(nullptr);
    }
    if (!parser.parse(QApplication::arguments())) {
        const QByteArray sentence = usageSentence(parser, QApplication::arguments()).toUtf8();
        std::fprintf(stderr, "%s\n", sentence.constData());
        return wrongUsage;
    }

    moescope::gui::StartOptions options;
    options.data_folder = parser.value(data);
    options.model = parser.value(model);
    options.device = parser.value(device);
    for (const QString& file : parser.positionalArguments()) {
        if (moescope::exchange::isCaptureName(file)) {
            options.capture = file;
        } else {
            options.model = file;
        }
    }
    moescope::gui::Composition composition(options);
    composition.start();
    return QApplication::exec();
}
