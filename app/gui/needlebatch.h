// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/inferencecontroller.h"
#include "app/gui/filework.h"
#include "app/gui/settings.h"
#include "ui/models/comparison.h"

#include <QJsonObject>
#include <QObject>
#include <QSet>

#include <optional>

namespace moescope::gui {

QJsonObject toJson(const ui::NeedleGridSettings& settings);
/** What is absent or of a wrong type is as in new settings. */
ui::NeedleGridSettings gridSettingsOf(const QJsonObject& json);

/** How it is shown. */
ui::NeedleGridView viewOf(const controller::GridProgress& progress);
/** Seconds that the cases which are left take, by those of their length that are over; of lengths without any, by the nearest.
 *  −1: none is over. */
double secondsLeft(const controller::GridProgress& progress);

/** Grids of needles, each of a comparison: one runs at a time, and goes on when another comparison comes into view. Its results lie in
 *  a file that survives the end of the program. */
class NeedleBatch : public QObject {
    Q_OBJECT
public:
    NeedleBatch(controller::InferenceController& controller, FileWork& files, ui::Comparison& view,
                QObject* parent = nullptr);

    /** Where results are kept; empty: nowhere, and no grid can be begun. */
    void setFolder(const QString& folder) { m_folder = folder; }
    /** Results of grids of other comparisons go. */
    void keepOnly(const QSet<qint64>& comparisons);
    void setLoaded(const std::optional<ModelChoice>& choice) { m_loaded = choice; }
    /** The grid of the comparison that came into view, as it was kept; empty: it has none. */
    void show(qint64 comparison, const QJsonObject& kept);

    bool isRunning() const { return m_running != 0; }

public slots:
    /** In place of the one that the comparison had. */
    void start(const moescope::ui::NeedleGridSettings& settings);
    void pause();
    void resume();
    /** One of a cell's cases is made: caseReady(). */
    void openCell(quint32 length, quint32 depth);
    void conversationRemoved(qint64 conversation);

signals:
    /** What is to be kept with the comparison in view. */
    void kept(const QJsonObject& grid);
    void caseReady(const moescope::needle::NeedleCase& made, const moescope::needle::CaseId& which,
                   const moescope::gui::ModelChoice& model);
    void failed(const moescope::trace::Error& error);

private:
    std::filesystem::path stateOf(qint64 comparison) const;
    void run(bool resume);
    void progressed(qint64 start, const controller::GridProgress& progress);
    void ended(qint64 start, const trace::Error& error);
    void put();
    /** Whether the grid in view was begun with this plan. */
    bool isKept(const needle::GridPlan& plan) const;
    /** Throws trace::Error{app.no_model}, {needle.model} unless the model is loaded that the grid in view was run with. */
    void checkModel() const;

    controller::InferenceController& m_controller;
    FileWork& m_files;
    ui::Comparison& m_view;
    QString m_folder;
    std::optional<ModelChoice> m_loaded;
    qint64 m_comparison = 0; ///< in view; 0: none
    QJsonObject m_kept;      ///< of the comparison in view
    qint64 m_running = 0;    ///< the comparison whose grid runs; 0: none
    qint64 m_start = 0;      ///< number of the newest start: what is told of older ones is dropped
    std::optional<controller::GridProgress> m_progress; ///< of the comparison in view
    QString m_error;                                    ///< a sentence: what ended it
    quint64 m_request = 0;                              ///< what was read for an older comparison is dropped
};

} // namespace moescope::gui
