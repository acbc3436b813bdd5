// SPDX-License-Identifier: Apache-2.0
#include "tests/app/gui/appfixture.h"

#include "app/gui/capturesession.h"
#include "engine/model/convert.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/composer.h"
#include "ui/panels/transcript.h"

#include <QAbstractButton>
#include <QCoreApplication>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QTest>

#include <algorithm>

namespace moescope::test {
namespace {

constexpr int patience = 60'000; // ms: software Vulkan on a loaded machine

gui::StartOptions optionsFor(const QString& folder, const QString& model, quint64 memory_bytes) {
    gui::StartOptions options;
    options.data_folder = folder;
    options.model = model;
    options.memory_bytes = memory_bytes;
    return options;
}

} // namespace

QString goldenModel() {
    static const QTemporaryDir folder;
    static const QString file = [] {
        const QString target = folder.filePath(QStringLiteral("large_like.gguf"));
        model::ConvertOptions options;
        options.type = gguf::TensorType::F16;
        model::convert(std::filesystem::path(MOESCOPE_TEST_DATA) / "golden" / "large_like", target.toStdString(),
                       options);
        return target;
    }();
    return file;
}

QString modelWithTemplate(const QString& folder, const QString& jinja) {
    namespace fs = std::filesystem;
    const fs::path source = fs::path(folder.toStdString()) / "model";
    fs::copy(fs::path(MOESCOPE_TEST_DATA) / "golden" / "large_like", source);
    fs::permissions(source / "tokenizer_config.json", fs::perms::owner_write, fs::perm_options::add);
    QFile file(QString::fromStdString((source / "tokenizer_config.json").string()));
    if (!file.open(QIODevice::ReadWrite)) {
        return {};
    }
    QJsonObject json = QJsonDocument::fromJson(file.readAll()).object();
    json.insert(QStringLiteral("chat_template"), jinja);
    file.resize(0);
    file.write(QJsonDocument(json).toJson());
    file.close();
    const QString target = folder + QStringLiteral("/templated.gguf");
    model::ConvertOptions options;
    options.type = gguf::TensorType::F16;
    options.name = "Templated";
    model::convert(source, target.toStdString(), options);
    return target;
}

App::App(const QString& folder, const QString& model, quint64 memory_bytes)
    : composition(optionsFor(folder, model, memory_bytes)) {
    composition.start();
}

bool App::waitForModel() {
    return QTest::qWaitFor(
        [this] {
            return composition.window().isVisible() &&
                   composition.controller().state() == controller::InferenceController::State::Ready;
        },
        patience);
}

bool App::openCapture(const QString& path) {
    if (!QTest::qWaitFor([this] { return composition.window().isVisible(); }, patience)) {
        return false;
    }
    settle();
    composition.captures().open(path);
    return QTest::qWaitFor([this] { return composition.captures().isOpen(); }, patience);
}

void App::settle() {
    // What was asked for is measured first.
    (void)QTest::qWaitFor([this] { return !composition.session().isStarting(); }, patience);
    composition.store().flush();
    QCoreApplication::processEvents();
    composition.store().flush();
    QCoreApplication::processEvents();
}

bool App::waitForAnswer() {
    // First it begins, once the prompt is stored; then it ends.
    settle();
    const bool over = QTest::qWaitFor([this] { return !composition.session().run().isActive(); }, patience);
    settle();
    return over;
}

bool App::ask(const QString& text) {
    send(text);
    return waitForAnswer();
}

void App::askForLong(std::optional<quint64> seed) {
    ui::SamplingView hot;
    hot.temperature = 1.5;
    hot.top_k = 0;
    hot.top_p = 1;
    hot.seed = seed;
    emit composition.window().chat()->samplingChanged(hot);
    send(QStringLiteral("Go on and on"));
}

void App::answerBriefly() {
    ui::SamplingView sampling = composition.session().sampling();
    sampling.max_tokens = 40;
    composition.session().setSampling(sampling);
}

void App::send(const QString& text) {
    ui::Composer* composer = composition.window().chat()->composer();
    composer->setDraft(text);
    composer->send();
}

QList<ui::MessageView> App::messages() const {
    return const_cast<gui::Composition&>(composition).window().chat()->transcript()->messages();
}

bool App::saysWhyNothingIsSent(const QString& part) const {
    const auto buttons =
        const_cast<gui::Composition&>(composition).window().chat()->composer()->findChildren<QAbstractButton*>();
    return std::any_of(buttons.begin(), buttons.end(), [&part](const QAbstractButton* button) {
        return !button->isEnabled() && button->toolTip().contains(part);
    });
}

bool App::shows(const QString& part) const {
    for (const QLabel* label : const_cast<gui::Composition&>(composition).window().findChildren<QLabel*>()) {
        if (label->isVisible() && label->text().contains(part)) {
            return true;
        }
    }
    return false;
}

SlowAnswers::SlowAnswers() { m_driver.slowSubmissions(std::chrono::milliseconds(50)); }

} // namespace moescope::test
