// SPDX-License-Identifier: Apache-2.0
#include "app/gui/composition.h"

#include <QApplication>
#include <QCommandLineParser>

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("moescope"));
    QApplication::setApplicationDisplayName(QStringLiteral("Moescope"));
    QApplication::setApplicationVersion(QStringLiteral(MOESCOPE_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("moescope"));

    QCommandLineParser parser;
    parser.setApplicationDescription(QCoreApplication::translate(
        "main", "Chat with mixture-of-experts models on this machine and see what happens inside."));
    parser.addHelpOption();
    parser.addVersionOption();
    const QCommandLineOption data(QStringLiteral("data-dir"),
                                  QCoreApplication::translate("main", "Folder for conversations and settings."),
                                  QStringLiteral("folder"), qEnvironmentVariable("MOESCOPE_DATA"));
    const QCommandLineOption model(QStringLiteral("model"),
                                   QCoreApplication::translate("main", "A .gguf file, or “builtin”."),
                                   QStringLiteral("file"), QStringLiteral("builtin"));
    const QCommandLineOption device(
        QStringLiteral("device"),
        QCoreApplication::translate("main", "Vulkan device: its index or a part of its name."),
        QStringLiteral("device"));
    parser.addOptions({data, model, device});
    parser.process(application);

    moescope::gui::StartOptions options;
    options.data_folder = parser.value(data);
    options.model = parser.value(model);
    options.device = parser.value(device);
    moescope::gui::Composition composition(options);
    composition.start();
    return QApplication::exec();
}
